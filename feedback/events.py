"""The one way into the event table: set-based, once per key, durable when the call's transaction commits."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from common.sql import run_hot
from feedback.models import BounceClass, Event, Way

OURSELVES = 0  # Event.source of our own pixel, links and pages
_LONGEST_KEY = 200
_LONGEST_TEXT = 20_000  # characters of one string of a raw event
# One encoder for all rows: json.dumps makes a new one for each.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str).encode


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One thing we were told. `message` None: it names no message of ours, or nobody's name may be kept."""

    source: int
    key: str  # unique within (day, source): the provider's event id, or event_key() where it gives none
    kind: Event.Kind
    at: datetime  # the source's own time, aware
    mailing: int | None = None
    message: int | None = None
    link: int | None = None
    bounce_class: BounceClass | None = None
    way: Way | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None  # set: kept for a person to read, and never applied


def event_key(*parts: object) -> str:
    """A key for an event that came without an id: the same parts give the same key, in this process and the next."""
    return blake2b("\x1f".join(str(part) for part in parts).encode(errors="replace"), digest_size=16).hexdigest()


def record_events(events: Sequence[NewEvent]) -> int:
    """Store what is new, in one statement; returns how many were. A repeated delivery meets its key and is dropped."""
    if not events:
        return 0
    rows = as_rows(
        {
            "day": (at := utc(event.at))[:10],
            "source": event.source,
            "key": short_key(event.key),
            "kind": int(event.kind),
            "mailing": event.mailing,
            "message": event.message,
            "link": event.link,
            "bounce_class": event.bounce_class,
            "way": event.way,
            "at": at,
            "error": event.error and _clean_text(event.error),
            "details": event.details,
        }
        for event in events
    )
    return run_hot("feedback", "record_events", {"events": rows}).rowcount


def utc(at: datetime) -> str:
    """The moment as PostgreSQL reads it; its first ten characters are the day of the event table."""
    return at.astimezone(UTC).isoformat()


def short_key(key: str) -> str:
    """`key` as it is stored: a long one as its hash, because an index row has a limit; without NUL and surrogates."""
    clean = _clean_text(key)
    return clean if len(clean) <= _LONGEST_KEY else event_key(clean)


def as_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as one JSON array for json_to_recordset: one value to escape, however many rows and texts it holds."""
    return f"[{','.join(map(_as_json, rows))}]"


def _as_json(row: Mapping[str, Any]) -> str:
    """JSON that PostgreSQL accepts, whatever a stranger sent: no NUL, no lone surrogate, no NaN, no endless string."""
    try:
        text = _encode(row)
        text.encode()
        if len(text) <= _LONGEST_TEXT and "\\u0000" not in text:
            return text
    except (ValueError, TypeError, RecursionError):
        pass
    return json.dumps(_clean(row, depth=0), ensure_ascii=False, default=str)


def _clean(value: Any, *, depth: int) -> Any:
    if depth > 20:
        return "…"
    if isinstance(value, str):
        return _clean_text(value)[:_LONGEST_TEXT]
    if isinstance(value, Mapping):
        return {_clean_text(str(name)): _clean(part, depth=depth + 1) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part, depth=depth + 1) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _clean_text(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
