"""Whose connections count: those of processes whose heart beats, in a thread of its own.

A process that is killed stops beating, and its connections are free for others within PLACE_SECONDS, long before the
leases of its batches are over. One that only slept, or lost the database, notices by its own clock, which is over
earlier than the row's: it begins nothing more, gives its batches back, and claims again under a new number, where there
is room. A row that is over is never prolonged.
"""

import contextlib
import os
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from delivery.ledger.clock import Deadline

log = structlog.get_logger(__name__)

BEATS = 5  # in the time a place holds


class Place:
    """This process's, under one number; renewed by the thread that beats, read by those that send."""

    def __init__(self, number: int, deadline: Deadline) -> None:
        self.number, self._deadline = number, deadline

    def is_over(self) -> bool:
        """Past it others may use its connections: nothing more is begun."""
        return self._deadline.is_over()

    def prolong(self, deadline: Deadline) -> None:
        self._deadline = deadline


_lock = threading.Lock()
_mine: Place | None = None


def place() -> Place:
    """This process's, as it stands; a new one where there is none, or it is over. One statement then."""
    global _mine
    with _lock:
        if _mine is None or _mine.is_over():
            _mine = _take()
        return _mine


def forget() -> None:
    """A forked child has no place yet."""
    global _mine, _lock
    _mine, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=forget)


def _ttl() -> timedelta:
    return timedelta(seconds=settings.PLACE_SECONDS)


def _take() -> Place:
    number, clock = secrets.randbits(62), Deadline.before()
    with connection.cursor() as cursor:
        cursor.execute(
            "with gone as (delete from delivery_process where alive_until < clock_timestamp() - interval '1 day') "
            "insert into delivery_process (number, alive_until) "
            "values (%s, clock_timestamp() + %s * interval '1 second')",
            [number, _ttl().total_seconds()],
        )
    return Place(number, clock.after(_ttl()))


@contextlib.contextmanager
def beating() -> Iterator[None]:
    """Renew this process's place for the time of the block, whatever its own thread waits for."""
    done = threading.Event()
    heart = threading.Thread(target=_beat_until, args=(done,), name="heart", daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()


def _beat_until(done: threading.Event) -> None:
    while not done.wait(settings.PLACE_SECONDS / BEATS):
        if _mine is not None and not _mine.is_over():
            _beat(_mine)


def _beat(mine: Place) -> None:
    """Not renewed, for want of the database or because the row is over, it ends by itself."""
    clock = Deadline.before()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "update delivery_process set alive_until = clock_timestamp() + %s * interval '1 second' "
                "where number = %s and alive_until > clock_timestamp()",
                [_ttl().total_seconds(), mine.number],
            )
            if cursor.rowcount:
                mine.prolong(clock.after(_ttl()))
    except (OperationalError, InterfaceError) as error:
        log.warning("no_beat", error=str(error))
    finally:
        connection.close()
