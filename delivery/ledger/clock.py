"""The worker's own clock. It only ever says stop: leases themselves are judged by the database."""

import time
from collections.abc import Callable
from datetime import timedelta

_MARGIN = timedelta(seconds=60)


def since_boot() -> float:
    """Seconds, time asleep included: a suspended machine must find its deadline over."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Deadline:
    """Past it nothing more is begun. Two clocks, because each can be wrong alone; whichever is over first counts.

    Make it from times read **before** the claim or the mark was sent: Deadline.before().after(lease).
    """

    def __init__(self, boot: float, wall: float) -> None:
        self._boot, self._wall = boot, wall

    @classmethod
    def before(cls, *, boot: Callable[[], float] = since_boot, wall: Callable[[], float] = time.time) -> "Deadline":
        return cls(boot(), wall())

    def after(self, lease: timedelta) -> "Deadline":
        """The moment a minute (for short leases a fifth) before the lease can be over."""
        seconds = (lease - min(_MARGIN, lease / 5)).total_seconds()
        return Deadline(self._boot + seconds, self._wall + seconds)

    def is_over(self, *, boot: Callable[[], float] = since_boot, wall: Callable[[], float] = time.time) -> bool:
        return boot() >= self._boot or wall() >= self._wall

    def seconds_left(self) -> float:
        return min(self._boot - since_boot(), self._wall - time.time())
