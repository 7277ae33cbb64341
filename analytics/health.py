"""Whether everything that must run does: the database, Redis, workers and the beat. Read by pages and by /healthz."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from delivery.queries import worker_seen_at

MISSING_AFTER = timedelta(minutes=1)
_WORKER, _BEAT = "analytics:worker-seen", "analytics:beat-seen"


@dataclass(frozen=True, slots=True)
class Absence:
    """What is missing: "redis", "worker" or "beat"; `seen_at` None when it was never seen."""

    what: str
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One thing looked at; `facts` are numbers that tell nothing secret."""

    name: str
    is_well: bool
    facts: dict[str, Any]


def note_worker(*, now: datetime) -> None:
    """A worker has run the heartbeat."""
    cache.set(_WORKER, now.timestamp(), timeout=None)


def note_beat(*, now: datetime) -> None:
    """The beat has rung: called in its own process, so that it is told apart from a worker that does not answer."""
    cache.set(_BEAT, now.timestamp(), timeout=None)


def worker_last_seen() -> datetime | None:
    """When a worker last took something the beat rang for; None when never. Raises RedisError."""
    return max(filter(None, (worker_seen_at(), _read(_WORKER))), default=None)


def beat_last_seen() -> datetime | None:
    """When the beat last rang; None when never. Raises RedisError."""
    return _read(_BEAT)


def absence(*, now: datetime) -> Absence | None:
    """What a page must warn of, in two reads of Redis; None when all is well.

    Workers show themselves when the beat rings, so a beat that is gone is named first.
    """
    try:
        worker, beat = worker_last_seen(), beat_last_seen()
    except RedisError:
        return Absence(what="redis")
    if _is_fresh(worker, now):
        return None
    if beat is not None and not _is_fresh(beat, now):
        return Absence(what="beat", seen_at=beat)
    return Absence(what="worker", seen_at=worker)


def examine(*, now: datetime) -> list[Part]:
    """Every part in turn; a part that fails never hides the others."""
    return [_timed("database", _ask_database), _timed("redis", _ask_redis), *_processes(now)]


def _timed(name: str, ask: Callable[[], None]) -> Part:
    started = time.monotonic()
    try:
        ask()
    except (DatabaseError, RedisError, OSError):
        return Part(name=name, is_well=False, facts={})
    return Part(name=name, is_well=True, facts={"milliseconds": round((time.monotonic() - started) * 1000, 1)})


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")


def _ask_redis() -> None:
    cache.get(_BEAT)


def _processes(now: datetime) -> list[Part]:
    parts = []
    for name, last_seen in (("worker", worker_last_seen), ("beat", beat_last_seen)):
        try:
            seen = last_seen()
        except (RedisError, OSError):
            seen = None
        age = None if seen is None else round((now - seen).total_seconds(), 1)
        parts.append(Part(name=name, is_well=_is_fresh(seen, now), facts={"seconds_ago": age}))
    return parts


def _is_fresh(seen: datetime | None, now: datetime) -> bool:
    return seen is not None and now - seen < MISSING_AFTER


def _read(key: str) -> datetime | None:
    stamp = cache.get(key)
    return None if stamp is None else datetime.fromtimestamp(stamp, tz=timezone.get_default_timezone())
