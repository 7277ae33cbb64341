"""What contacts last did, pushed down by the floors that know (feedback, delivery)."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import connection

from common.sql import load_sql


def push_engagement(*, opened: Mapping[int, date], clicked: Mapping[int, datetime]) -> None:
    """Keep the latest of each, by contact id, in one statement. A contact that was erased meanwhile is passed over.

    `opened` is a date, not an instant: all that hygiene mode may keep of an open.
    """
    ids = sorted({*opened, *clicked})
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("contacts", "push_engagement"),
            {
                "ids": ids,
                "opened": [opened.get(number) for number in ids],
                "clicked": [clicked.get(number) for number in ids],
            },
        )


def push_soft_bounces(*, counts: Mapping[int, int]) -> None:
    """Set the soft bounces in a row, by contact id; who counts them also decides when to suppress."""
    if not counts:
        return
    ids = sorted(counts)
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("contacts", "push_soft_bounces"), {"ids": ids, "counts": [counts[number] for number in ids]}
        )


def push_own_acts(*, acted: Mapping[int, datetime]) -> None:
    """Keep the latest act of people's own hands that is no click (they confirmed, chose), by contact id.

    What hygiene and retention count from: an open is none, nor is anything somebody else typed.
    """
    if not acted:
        return
    ids = sorted(acted)
    with connection.cursor() as cursor:
        cursor.execute(load_sql("contacts", "push_own_acts"), {"ids": ids, "acted": [acted[number] for number in ids]})
