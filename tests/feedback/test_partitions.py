from datetime import UTC, date, datetime

import pytest
from django.db import connection

from feedback.events import NewEvent, record_events
from feedback.models import Event
from feedback.partitions import make_months, make_partitions

pytestmark = pytest.mark.django_db


def table_of(key: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from feedback_event where event_key = %s", [key])
        return cursor.fetchone()[0]


def event(key: str, day: date) -> NewEvent:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return NewEvent(source=7, key=key, kind=Event.Kind.DELIVERED, at=at)


def test_event_of_a_month_nobody_made_is_kept_and_moves_when_it_is_made() -> None:
    record_events([event("late", date(2031, 5, 17)), event("other", date(2031, 8, 1))])
    assert table_of("late") == "feedback_event_other"

    made = make_months(start=date(2031, 5, 1), end=date(2031, 6, 1))

    assert made == ["feedback_event_2031_05", "feedback_event_2031_06"]
    assert table_of("late") == "feedback_event_2031_05"
    assert table_of("other") == "feedback_event_other"
    assert record_events([event("late", date(2031, 5, 17))]) == 0  # its key is still known there


def test_partitions_are_made_ahead_and_a_second_time_nothing_happens() -> None:
    made = make_partitions(today=date(2032, 1, 5))

    assert made == [f"feedback_event_{month}" for month in ("2031_12", "2032_01", "2032_02", "2032_03", "2032_04")]
    assert make_partitions(today=date(2032, 1, 5)) == []


def test_new_rows_take_their_ids_from_one_sequence() -> None:
    make_months(start=date(2031, 5, 1), end=date(2031, 5, 1))
    record_events([event("one", date(2031, 5, 2)), event("two", date(2026, 11, 2)), event("three", date(2040, 1, 1))])

    assert len(set(Event.objects.values_list("id", flat=True))) == 3
