"""Fold stored events into what is known of each message, and push the facts down to contacts.

A block of events is one transaction: stamps, suppressions, engagement and the mark that they are applied stand or fall
together. Any number of processes may run it; events may come twice, in any order, and before our own write-back:

- a stamp is the earliest time known, so order does not matter and a repeat changes nothing;
- an event whose message is still on the wire, or in doubt and not yet believed, stays unapplied until it is settled;
- an event that breaks its block is found by halving and set aside with its error; the others are applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction

from common.sql import load_sql
from delivery import ledger
from delivery.failpoints import passing
from delivery.verdicts import Evidence, Verdict
from feedback.consequences import draw_consequences
from feedback.folding import Told, fold
from feedback.rollups import touch

BLOCK = 1_000
NO_SUCH_MESSAGE = "no such message"  # the error of an event that names a message we do not have
_TRIES = 3
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Applied:
    """What one pass did, in events."""

    applied: int = 0
    waiting: int = 0  # their message is on the wire, or in doubt
    set_aside: int = 0


def apply_pending(*, blocks: int = 1_000_000) -> Applied:
    """Apply what is stored and not applied, at most `blocks` blocks of 1,000; returns what was done."""
    done = Applied()
    after = 0
    while blocks > 0 and (block := _next_block(after)):
        after = block[-1]
        blocks -= 1
        _apply_or_split(block, done)
    if done.applied or done.set_aside:
        log.info("events applied", applied=done.applied, waiting=done.waiting, set_aside=done.set_aside)
    return done


def _next_block(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from feedback_event where applied_at is null and id > %s order by id limit %s", [after, BLOCK]
        )
        return [number for (number,) in cursor.fetchall()]


def _apply_or_split(block: list[int], done: Applied) -> None:
    try:
        waiting = _with_patience(block, done)
        if waiting and _settle_doubts(waiting):
            waiting = _with_patience(waiting, done)
        done.waiting += len(waiting)
    except OperationalError:
        raise  # the database is in trouble, not an event
    except Exception as error:
        if len(block) == 1:
            _set_aside(block[0], error, done)
            return
        middle = len(block) // 2
        for half in (block[:middle], block[middle:]):
            _apply_or_split(half, done)


def _with_patience(block: list[int], done: Applied) -> list[int]:
    """Apply; when another process held rows in another order, roll back and try again. Returns what has to wait."""
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                applied, waiting = _apply(block)
        except OperationalError as error:
            if attempt == _TRIES or "deadlock" not in str(error):
                raise
            continue
        done.applied += applied
        return waiting
    raise AssertionError("the last try returns or raises")


def _settle_doubts(block: list[int]) -> bool:
    """What the world says of a message whose fate we do not know settles it, each in a transaction of delivery. False
    where there was nothing to settle.
    """
    with connection.cursor() as cursor:
        cursor.execute(load_sql("feedback", "doubts"), {"ids": block})
        rows = cursor.fetchall()
    for message, is_by_provider, is_bounce, at in rows:
        provider = Evidence.BOUNCE if is_bounce else Evidence.WEBHOOK
        evidence = provider if is_by_provider else Evidence.HIT
        ledger.settle(message, fact=Verdict.ACCEPTED, evidence=evidence, at=at)
    return bool(rows)


def _apply(block: list[int]) -> tuple[int, list[int]]:
    """One block in the caller's transaction; returns how many were applied, and those that wait."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("feedback", "take_events"), {"ids": block})
        rows = [Told(*row) for row in cursor.fetchall()]
        settled = _lock_outcomes(cursor, [told.message for told in rows if told.message])
    ready, waiting = list[Told](), list[int]()
    for told in rows:
        if told.is_unmatched or told.message in settled:
            ready.append(told)
        else:
            waiting.append(told.id)
    matched = [told for told in ready if not told.is_unmatched and told.message]
    _stamp(matched)
    draw_consequences(matched)
    touch({told.mailing for told in ready if told.mailing})
    _mark_applied(ready)
    passing("apply")
    return len(ready), waiting


def _lock_outcomes(cursor: Any, messages: Sequence[int]) -> set[int]:
    """Messages whose fate is known, their rows locked in one order for all."""
    cursor.execute(
        "select message_id from delivery_outcome where message_id = any(%s) and state <> 5"
        " order by message_id for update",
        [sorted(set(messages))],
    )
    return {message for (message,) in cursor.fetchall()}


def _stamp(events: Sequence[Told]) -> None:
    stamps = fold(events)
    if not stamps:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("feedback", "stamp"),
            {
                "message": list(stamps),
                **{
                    name: [getattr(found, name) for found in stamps.values()]
                    for name in ("delivered", "bounced", "is_hard", "complained", "opened", "clicked", "left", "way")
                },
            },
        )


def _mark_applied(events: Sequence[Told]) -> None:
    lost = [told.id for told in events if told.is_unmatched and told.message]
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("feedback", "mark_applied"),
            {"ids": [told.id for told in events], "lost": lost, "words": NO_SUCH_MESSAGE},
        )


def _set_aside(event: int, error: Exception, done: Applied) -> None:
    log.warning("event set aside", event_id=event, error=str(error)[:300])
    with connection.cursor() as cursor:
        cursor.execute(
            "update feedback_event set applied_at = clock_timestamp(), error = %s where id = %s and applied_at is null",
            [f"{type(error).__name__}: {error}"[:500].replace("\0", ""), event],
        )
        done.set_aside += cursor.rowcount


def oldest_pending() -> datetime | None:
    """When the oldest event that waits was stored; None when nothing waits. For the health page."""
    with connection.cursor() as cursor:
        cursor.execute("select stored_at from feedback_event where applied_at is null order by id limit 1")
        row = cursor.fetchone()
    return row[0] if row else None
