"""Rates as token buckets in Redis, asked once a window for all limits that hold for it.

Losing Redis costs one burst of surplus, no more: the buckets start full. What must never be exceeded for a day is
counted in PostgreSQL instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from redis import Redis
from redis.commands.core import Script

from delivery.limits.room import kept_of_burst

# What may leave at once, as seconds of the rate: steady enough for a mailbox provider, large enough for a window.
BURST_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `amount` messages in `period`, spread evenly. `key` names whose limit it is, in Redis and on pages."""

    key: str
    amount: float
    period: timedelta
    is_shared: bool = False  # leaves the last of a burst to urgent mail (limits/room.py)

    @property
    def interval(self) -> int:
        """Microseconds between two messages."""
        return max(1, round(self.period / timedelta(microseconds=1) / self.amount))

    @property
    def tolerance(self) -> int:
        """Microseconds of messages that may leave at once."""
        burst = max(1, math.floor(self.amount * BURST_SECONDS / self.period.total_seconds()))
        return (burst - kept_of_burst(burst) if self.is_shared else burst) * self.interval


@dataclass(frozen=True, slots=True)
class Grant:
    """How many may leave now. When none: how long until one may, and the limit that says so."""

    count: int
    wait: timedelta = timedelta(0)
    narrowest: Bucket | None = None


def grant(buckets: Sequence[Bucket], *, want: int) -> Grant:
    """Take up to `want` tokens from every bucket at once; no bucket, no limit. Raises redis.RedisError."""
    if not buckets or want <= 0:
        return Grant(count=max(0, want))
    numbers = [number for bucket in buckets for number in (bucket.interval, bucket.tolerance)]
    count, wait, narrowest = _script()(keys=[f"rate:{bucket.key}" for bucket in buckets], args=[want, *numbers])
    return Grant(
        count=int(count),
        wait=timedelta(microseconds=int(wait)),
        narrowest=buckets[int(narrowest) - 1] if int(narrowest) else None,
    )


@cache
def _script() -> Script:
    return Redis.from_url(settings.REDIS_URL).register_script((Path(__file__).parent / "grant.lua").read_text())
