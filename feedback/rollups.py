"""Hourly counts of the mailings that were touched: recomputed from the rows, never added, so no event counts twice."""

from collections.abc import Collection
from time import monotonic
from typing import Any

from django.db import connection, transaction

from common.sql import load_sql
from delivery.capabilities import KINDS

# A mailing whose recount takes a second is recounted every five: numbers stay young and the database stays free.
_REST = 5


def kinds_that_confirm() -> list[str]:
    """Kinds of providers that say "delivered"; for the others delivery is presumed."""
    return [kind.name for kind in KINDS.values() if kind.confirms_delivery]


def touch(mailing_ids: Collection[int]) -> None:
    """Ask for a recount of these mailings, in the caller's transaction. Unknown ids are ignored."""
    if not mailing_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into feedback_rollup (mailing_id, touched_at)"
            " select id, clock_timestamp() from delivery_mailing where id = any(%s) order by id"
            # The clock is read again once the row is ours: a recount that held it is over, and did not see us.
            " on conflict (mailing_id) do update set touched_at = clock_timestamp()",
            [sorted(mailing_ids)],
        )


def roll_up_due(*, nightly: bool = False) -> list[int]:
    """Recount what is due: touched by events, or sent since. Returns the mailings that were counted.

    `nightly` looks at everything of two months: a doubt that a person settled leaves no event.
    """
    with connection.cursor() as cursor:
        cursor.execute(load_sql("feedback", "touch_sending"), {"nightly": nightly})
        cursor.execute(
            "select mailing_id from feedback_rollup where rolled_at is null or"
            " touched_at > rolled_at and clock_timestamp() > rolled_at + %s * coalesce(took, '0') order by touched_at",
            [_REST],
        )
        due = [mailing for (mailing,) in cursor.fetchall()]
    return [mailing for mailing in due if _recount(mailing, wait=False)]


def roll_up(mailing_ids: Collection[int]) -> None:
    """Recount these mailings now, whether touched or not."""
    touch(mailing_ids)
    for mailing in sorted(mailing_ids):
        _recount(mailing, wait=True)


def _recount(mailing: int, *, wait: bool) -> bool:
    """Count one mailing anew; False when another process is at it (and `wait` is not asked for).

    The moment is read before the rows are, under the lock of the row: whoever touched it before has committed, and what
    is touched from here on is due again. Counting goes on without that lock, so that no webhook waits for it.
    """
    started, lock = monotonic(), "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    params: dict[str, Any] = {"mailing": mailing, "confirming": kinds_that_confirm()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select clock_timestamp() from feedback_rollup where mailing_id = %s for update", [mailing])
        row = cursor.fetchone()
    if row is None:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"select {lock}(hashtext('feedback.recount'), %s)", [mailing])
        if cursor.fetchone() == (False,):
            return False
        cursor.execute("delete from feedback_mailingstats where mailing_id = %(mailing)s", params)
        cursor.execute(load_sql("feedback", "roll_up"), params)
        cursor.execute(load_sql("feedback", "roll_up_anonymous"), params)
        cursor.execute("delete from feedback_linkstats where mailing_id = %(mailing)s", params)
        cursor.execute(load_sql("feedback", "roll_up_links"), params)
        cursor.execute(
            "update feedback_rollup set rolled_at = %s, took = make_interval(secs => %s) where mailing_id = %s",
            [row[0], monotonic() - started, mailing],
        )
    return True
