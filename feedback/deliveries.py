"""Deliveries told in great arrays: nine of ten things a provider says. Stored and applied in one statement, where
`events.record_events` stores and `applying.apply_pending` reads, stamps and marks. What is not plain is left to it.
"""

from collections.abc import Sequence

from common.sql import run_planned
from feedback.events import NewEvent, as_rows, short_key, utc
from feedback.models import Event
from feedback.rollups import touch

MANY = 20  # below, two passes cost less than planning this one


def is_delivery(event: NewEvent) -> bool:
    """Whether `record_deliveries` takes it."""
    return event.kind is Event.Kind.DELIVERED and event.message is not None and event.error is None


def record_deliveries(events: Sequence[NewEvent]) -> int:
    """Store and apply, in the caller's transaction; returns how many were new. A repeat changes nothing."""
    rows = as_rows(
        {
            "day": (at := utc(event.at))[:10],
            "source": event.source,
            "key": short_key(event.key),
            "mailing": event.mailing,
            "message": event.message,
            "at": at,
            "details": event.details,
        }
        for event in events
    )
    stored = run_planned("feedback", "record_deliveries", {"events": rows}).fetchall()
    touch({mailing for mailing, _new, applied in stored if applied})
    return sum(new for _mailing, new, _applied in stored)
