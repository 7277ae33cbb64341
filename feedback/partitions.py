"""The months of the event table, made ahead of time; an event of any other month waits in the default partition."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

PAST = timedelta(days=14)  # how late a provider may still deliver into a month of its own
MONTHS_AHEAD = 3
_DEFAULT = "feedback_event_other"


def make_partitions(*, today: date) -> list[str]:
    """Make the partitions from 14 days ago to three months ahead that are missing; return the names of the new ones.

    Rows of such a month that already lie in the default partition move into it, in the same transaction.
    """
    return make_months(start=today - PAST, end=_months_later(today, MONTHS_AHEAD))


def make_months(*, start: date, end: date) -> list[str]:
    """Make every missing month from the one of `start` to the one of `end`, both included."""
    return [name for first in _months(start, end) if (name := _make(first))]


@transaction.atomic
def _make(first: date) -> str:
    name, after = f"feedback_event_{first:%Y_%m}", _months_later(first, 1)
    with connection.cursor() as cursor:
        # Two beats at once: the second finds the table made.
        cursor.execute("select pg_advisory_xact_lock(hashtext('feedback_event partitions'))")
        cursor.execute("select to_regclass(%s) is not null", [name])
        if _one(cursor):
            return ""
        cursor.execute(f"lock table {_DEFAULT} in access exclusive mode")
        cursor.execute(f"create table {name} (like feedback_event including defaults including constraints)")
        cursor.execute(
            f"with late as (delete from {_DEFAULT} where occurred_on >= %s and occurred_on < %s returning *)"  # noqa: S608
            f" insert into {name} select * from late",
            [first, after],
        )
        cursor.execute(
            f"alter table {name} add constraint month check (occurred_on >= '{first}' and occurred_on < '{after}')"
        )
        cursor.execute(f"alter table feedback_event attach partition {name} for values from ('{first}') to ('{after}')")
        cursor.execute(f"alter table {name} drop constraint month")
    return name


def _one(cursor: Any) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None


def _months(start: date, end: date) -> Iterator[date]:
    month = start.replace(day=1)
    while month <= end:
        yield month
        month = _months_later(month, 1)


def _months_later(day: date, count: int) -> date:
    """The first day of the month `count` months after that of `day`."""
    months = day.year * 12 + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)
