"""Opens and clicks. What may be kept of each is decided at the hit, by the person's words of that very moment.

`store_hits` takes many at once, so that a process which gathers the hits of some milliseconds stores them together.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache

from accounts.models import Organisation
from common.sql import run_hot
from contacts.services import push_engagement
from contacts.tracking import Mode, tracking_table
from feedback.events import OURSELVES, as_rows, short_key
from feedback.models import Event

# What a pixel shows, whatever became of the hit.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def _fresh_key() -> str:
    return secrets.token_urlsafe(12)


@dataclass(frozen=True, slots=True)
class Hit:
    """One request of a pixel or a link, or what a provider says of one. `message` 0: a URL that names nobody."""

    kind: Event.Kind  # OPENED or CLICKED
    mailing: int
    message: int
    at: datetime
    link: int = 0
    agent: str = ""  # the user agent; kept only where the person may be named
    source: int = OURSELVES
    key: str = field(default_factory=_fresh_key)
    raw: dict[str, object] | None = None


def store_hits(hits: Sequence[Hit]) -> list[Mode]:
    """Store the hits in one statement, each as far as it may be kept; returns the mode that was applied to each.

    FULL: an event with its person · HYGIENE: nothing but the date of the last open · AGGREGATE: an event of nobody ·
    NONE: nothing. The mode is the stricter of the one the message was made with and what policy and consent say now:
    a withdrawal silences mail already delivered, and a later consent does not make a count larger than its population.
    """
    if not hits:
        return []
    values = as_rows(
        {
            "number": number,
            "kind": int(hit.kind),
            "mailing": hit.mailing,
            "message": hit.message,
            "link": hit.link,
            "at": hit.at.isoformat(),
            "day": hit.at.astimezone(UTC).date().isoformat(),
            "source": hit.source,
            "key": short_key(hit.key),
            "details": _details(hit),
        }
        for number, hit in enumerate(hits)
    )
    rows = run_hot("feedback", "store_hits", {"hits": values, "rules": _rules()}).fetchall()
    _keep_last_opens(hits, rows)
    return [Mode(mode) for _number, mode, _contact in rows]


def _details(hit: Hit) -> dict[str, object]:
    found: dict[str, object] = {"agent": hit.agent[:300]} if hit.agent else {}
    return found | {"raw": hit.raw} if hit.raw else found


def _keep_last_opens(hits: Sequence[Hit], rows: list[tuple[int, int, int | None]]) -> None:
    opened: dict[int, date] = {}
    for number, mode, contact in rows:
        if mode == Mode.HYGIENE and contact is not None:
            day = hits[number].at.astimezone(UTC).date()
            opened[contact] = max(day, opened.get(contact, day))
    if opened:
        push_engagement(opened=opened, clicked={})


@cache
def _rules() -> str:
    """Every policy's nine tracking numbers, for the statement to look up with the consents of the moment."""
    return json.dumps({policy: tracking_table(policy) for policy in Organisation.TrackingPolicy.values})
