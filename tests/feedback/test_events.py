from datetime import UTC, datetime, timedelta

import pytest

from feedback.events import NewEvent, event_key, record_events
from feedback.models import Event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)


def event(key: str, **more: object) -> NewEvent:
    return NewEvent(**{"source": 3, "key": key, "kind": Event.Kind.DELIVERED, "at": AT} | more)


def test_a_repeated_delivery_is_stored_once() -> None:
    assert record_events([event("a"), event("b"), event("a")]) == 2
    assert record_events([event("b"), event("c")]) == 1

    assert Event.objects.count() == 3


def test_the_same_key_of_another_provider_is_another_event() -> None:
    assert record_events([event("a"), event("a", source=4)]) == 2


def test_the_day_is_the_sources_own_in_utc() -> None:
    record_events([event("a", at=datetime(2026, 11, 21, 0, 30, tzinfo=UTC) + timedelta(hours=0))])
    record_events([event("b", at=datetime.fromisoformat("2026-11-21T00:30:00+02:00"))])

    assert set(Event.objects.values_list("event_key", "occurred_on")) == {
        ("a", datetime(2026, 11, 21).date()),
        ("b", datetime(2026, 11, 20).date()),
    }


@pytest.mark.parametrize(
    "details",
    [
        {"reply": "nul \0 byte"},
        {"reply": "half a pair \ud83d"},
        {"score": float("nan"), "other": float("inf")},
        {"a\0b": ["\0", {"c": "\udfff"}]},
        {"long": "x" * 5_000_000},
    ],
)
def test_whatever_a_stranger_sends_is_stored(details: dict[str, object]) -> None:
    assert record_events([event("a"), event("poison", details=details), event("b")]) == 3


def test_a_key_longer_than_an_index_row_is_hashed() -> None:
    long = "k" * 10_000

    assert record_events([event(long), event(long), event(long + "2"), event("nul\0")]) == 3


def test_a_key_made_from_parts_depends_on_each() -> None:
    assert event_key("ab", "c") != event_key("a", "bc")
    assert event_key("a", None, 1) == event_key("a", None, 1)
