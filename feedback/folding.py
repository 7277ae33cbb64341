"""Events of many messages → the first times of each. No database: order and repetition cannot matter here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from feedback.models import BounceClass, Event, Way

Kind = Event.Kind
# A provider that took a message and then would not or could not send it has not delivered it either.
NOT_DELIVERED = {Kind.BOUNCED, Kind.REJECTED, Kind.FAILED}


@dataclass(frozen=True, slots=True)
class Told:
    """One event with what we know of its message; the columns of sql/take_events.sql, in order."""

    id: int
    source: int
    kind: int
    at: datetime
    mailing: int | None
    message: int | None
    bounce_class: int | None
    way: int | None
    is_unmatched: bool  # names no message of ours
    contact: int | None
    address_key: str | None


@dataclass(slots=True)
class Stamps:
    """The first times of one message."""

    delivered: datetime | None = None
    bounced: datetime | None = None
    is_hard: bool | None = None
    complained: datetime | None = None
    opened: datetime | None = None
    clicked: datetime | None = None
    left: datetime | None = None
    way: int | None = None


def fold(events: Iterable[Told]) -> dict[int, Stamps]:
    """First times by message id, ascending. A hard bounce stays hard whatever else is said."""
    found: dict[int, Stamps] = {}
    for told in events:
        if told.message:
            _add(found.setdefault(told.message, Stamps()), told)
    return dict(sorted(found.items()))


def _add(stamps: Stamps, told: Told) -> None:
    if told.kind == Kind.DELIVERED:
        stamps.delivered = _earlier(stamps.delivered, told.at)
    elif told.kind in NOT_DELIVERED:
        stamps.bounced = _earlier(stamps.bounced, told.at)
        stamps.is_hard = bool(stamps.is_hard) or told.bounce_class == BounceClass.HARD
    elif told.kind == Kind.COMPLAINED:
        stamps.complained = _earlier(stamps.complained, told.at)
    elif told.kind == Kind.OPENED:
        stamps.opened = _earlier(stamps.opened, told.at)
    elif told.kind == Kind.CLICKED:
        stamps.clicked = _earlier(stamps.clicked, told.at)
    elif told.kind == Kind.UNSUBSCRIBED and (stamps.left is None or told.at < stamps.left):
        stamps.left, stamps.way = told.at, told.way or Way.PROVIDER


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other < one else one
