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

from delivery import guard
from delivery.checking import last_check
from delivery.durability import risky_settings
from delivery.queries import is_known_held, worker_seen_at

MISSING_AFTER = timedelta(minutes=1)
_WORKER, _BEAT = "analytics:worker-seen", "analytics:beat-seen"


@dataclass(frozen=True, slots=True)
class Absence:
    """What is missing: "redis", "worker" or "beat", or "restored": the database has gone back and nothing is sent.

    `seen_at` None when it was never seen.
    """

    what: str
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One thing looked at; `facts` are numbers that tell nothing secret."""

    name: str
    is_well: bool
    facts: dict[str, Any]
    is_warning: bool = False  # a person should look, yet pages work: no reason to take a host out of service

    @property
    def status(self) -> str:
        if not self.is_well:
            return "unwell"
        return "warning" if self.is_warning else "ok"


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
    """What a page must warn of, in three reads of Redis; None when all is well.

    A database that has gone back comes before all: it waits for a person. Workers show themselves when the beat rings,
    so a beat that is gone is named before them.
    """
    try:
        is_held, worker, beat = is_known_held(), worker_last_seen(), beat_last_seen()
    except RedisError:
        return Absence(what="redis")
    if is_held:
        return Absence(what="restored")
    if _is_fresh(worker, now):
        return None
    if beat is not None and not _is_fresh(beat, now):
        return Absence(what="beat", seen_at=beat)
    return Absence(what="worker", seen_at=worker)


def examine(*, now: datetime) -> list[Part]:
    """Every part in turn; a part that fails never hides the others."""
    return [_timed("database", _ask_database), _timed("redis", _ask_redis), *_processes(now), *_ledger()]


def _ledger() -> list[Part]:
    """Whether the ledger can be believed: not gone back, written to disk, balanced at the last count."""
    try:
        is_held, risky, last = guard.is_held(), risky_settings(), last_check()
    except DatabaseError:
        return []
    return [
        Part(name="restore_guard", is_well=True, is_warning=is_held, facts={"is_held": is_held}),
        Part(name="durability", is_well=True, is_warning=bool(risky), facts={"switched_off": risky}),
        Part(
            name="ledger",
            is_well=True,
            is_warning=bool(last and last.imbalances),
            facts={
                "checked_at": last.at.isoformat(timespec="seconds") if last else None,
                "mailings": last.mailing_count if last else 0,
                "imbalances": [row["mailing"] for row in last.imbalances] if last else [],
            },
        ),
    ]


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
