"""How long people take to pass limits: one flow through lines of capacity. No database, no clock of its own.

What is foreseen for a set of people is the latest of what each limit allows them, alone and together with those that
hold for all of them: so it is never earlier than a single limit allows, and one limit more never makes it earlier.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from delivery.limits.quiet import quiet_until

HORIZON = timedelta(days=366)
NEVER = datetime.max.replace(tzinfo=UTC)
_NOBODY = 1e-6


def _free(_moment: datetime) -> tuple[float, datetime]:
    return math.inf, NEVER


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One limit over time. `at` a moment: messages a second, and until when it says so.

    `day`: messages on the n-th UTC day (0 = that of the start), None = no quota; `used`: what of the first is gone.
    """

    at: Callable[[datetime], tuple[float, datetime]] = _free
    day: Callable[[int], float | None] | None = None
    used: float = 0


def steady(per_second: float) -> Line:
    """The same rate for ever."""
    return Line(at=lambda _moment: (per_second, NEVER))


def stepped(steps: Sequence[tuple[datetime, float]]) -> Line:
    """(until, messages a second) in the order of time; afterwards free."""

    def at(moment: datetime) -> tuple[float, datetime]:
        return next(((rate, until) for until, rate in steps if moment < until), (math.inf, NEVER))

    return Line(at=at)


def resting(start: time, stop: time, zone: tzinfo) -> Line:
    """Nothing between two times of day; they may span midnight."""

    def at(moment: datetime) -> tuple[float, datetime]:
        local = moment.astimezone(zone)
        if end := quiet_until(start, stop, now=local):
            return 0, end
        begins = local.replace(hour=start.hour, minute=start.minute, second=0, microsecond=0)
        return math.inf, begins if begins > local else begins + timedelta(days=1)

    return Line(at=at)


@dataclass(frozen=True, slots=True)
class Stage:
    """People who pass these lines after those of the stage before, `pause` later and never before `not_before`."""

    people: float
    lines: Sequence[Line] = ()
    pause: timedelta = timedelta(0)
    not_before: datetime | None = None


def through(stages: Sequence[Stage], *, start: datetime) -> datetime | None:
    """When the last of them has left, the lines being used by nobody else; None: later than a year from the start,
    or from the last `not_before`.
    """
    flow = _Flow(start)
    for stage in stages:
        if stage.people > _NOBODY and not flow.let_through(stage):
            return None
    return flow.moment


class _Flow:
    """The moment reached, and what of that day's quotas is used."""

    def __init__(self, start: datetime) -> None:
        self.moment = start.astimezone(UTC)
        self._first = self.moment.date()
        self._end = self.moment + HORIZON
        self._used: dict[tuple[Line, int], float] = {}

    def let_through(self, stage: Stage) -> bool:
        if stage.not_before is not None:
            self._end = max(self._end, stage.not_before + HORIZON)
        self.moment = max(self.moment + stage.pause, stage.not_before or self.moment).astimezone(UTC)
        left = stage.people
        while left > _NOBODY:
            if self.moment > self._end:
                return False
            left -= self._until_something_changes(stage.lines, left)
        return True

    def _until_something_changes(self, lines: Sequence[Line], left: float) -> float:
        """Go on to the end of a rate, of a quota or of the people; how many left meanwhile."""
        day = (self.moment.date() - self._first).days
        tomorrow = self.moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        told = [line.at(self.moment) for line in lines]
        rate = min((found for found, _until in told), default=math.inf)
        until = min([tomorrow, *(end for _found, end in told)])
        room = min((self._room(line, day) for line in lines), default=math.inf)
        able = rate * (until - self.moment).total_seconds() if rate else 0
        gone = min(left, room, able)
        for line in lines:
            if line.day is not None:
                self._used[line, day] = self._used.get((line, day), line.used if day == 0 else 0) + gone
        if gone == left:
            self.moment += timedelta(seconds=left / rate) if rate != math.inf else timedelta(0)
        else:
            self.moment = tomorrow if gone == room else until.astimezone(UTC)  # a quota's day is that of UTC
        return gone

    def _room(self, line: Line, day: int) -> float:
        amount = line.day(day) if line.day is not None else None
        if amount is None:
            return math.inf
        return max(0, amount - self._used.get((line, day), line.used if day == 0 else 0))
