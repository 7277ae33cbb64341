"""The parts of a forecast, and how its end follows from people and bounds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from delivery.forecast.capacity import NEVER, Line, Stage, through

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Key = tuple[int, int]  # provider id, number of the mailbox provider
# What was measured follows from the limits, a little below them: a limit that takes nearly as long is what decides.
_NEARLY = 0.8
_SHORT = timedelta(seconds=90)  # nobody asks what decides about less


@dataclass(frozen=True, slots=True)
class Because:
    """What decides, as a sentence, and where it can be changed ("" = nowhere). `who`: the mailboxes it is about."""

    words: str
    url: str = ""
    link: str = ""
    who: "str | _StrPromise" = ""


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A limit with those of ours it holds for, and how many people of others pass it before them."""

    line: Line
    covers: frozenset[Key]
    because: Because
    ahead: int = 0
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """Ours at one account and mailbox provider: `first` may leave, `later` after the first wave was watched.

    `released_at`: when that is over, where everybody of the first wave was tried.
    """

    first: int
    later: int = 0
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """Who is to leave, not before `starts_at`. `watch`: how long a first wave is watched, and its words."""

    queues: Mapping[Key, Queue]
    starts_at: datetime
    watch: timedelta = timedelta(0)
    watched: Because | None = None

    @property
    def people(self) -> int:
        return sum(queue.first + queue.later for queue in self.queues.values())


@dataclass(frozen=True, slots=True)
class Stretch:
    """People whom something else holds back than everybody. `until` None: more than a year away."""

    people: int
    ahead: int
    until: datetime | None
    because: Because


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the last of `people` will have been written to, what decides, and whom something holds back besides.

    `until` None: nobody is left, or it takes more than a year (`is_endless`). `ahead`: people of others who leave
    before, by what decides. `waiting`: people of ours who are not counted, for a person must decide about them.
    `is_known` False: nothing is known that takes time.
    """

    people: int = 0
    until: datetime | None = None
    because: Because | None = None
    ahead: int = 0
    stretches: list[Stretch] = field(default_factory=list)
    waiting: int = 0
    is_known: bool = True

    @property
    def is_endless(self) -> bool:
        return self.people > 0 and self.until is None


def foresee(departure: Departure, bounds: Sequence[Bound], *, now: datetime, waiting: int = 0) -> Forecast:
    """The latest of what each bound allows: people of others first, then ours, as if nobody slowed us down."""
    if not departure.people:
        return Forecast(waiting=waiting)
    alone = [frozenset([key]) for key in departure.queues]
    ends = [_end(departure, bounds, scope, now=now) for scope in alone]
    ends += [_end(departure, bounds, bound.covers, bound, now=now) for bound in bounds]
    until = max(ends)
    because, ahead = _decisive(departure, bounds, now=now)
    return Forecast(
        people=departure.people,
        until=None if until == NEVER else until,
        because=because if until - departure.starts_at > _SHORT else None,
        ahead=ahead,
        stretches=_stretches(departure, bounds, now=now),
        waiting=waiting,
        is_known=bool(bounds or departure.watched),
    )


def _end(
    departure: Departure, bounds: Sequence[Bound], scope: frozenset[Key], bound: Bound | None = None, *, now: datetime
) -> datetime:
    """When ours of a scope are through, by all that holds for all of them, after those whom `bound` lets pass first."""
    lines = [one.line for one in bounds if scope <= one.covers]
    before = [Stage(bound.ahead, [bound.line])] if bound is not None else []
    return through([*before, *_stages(departure, scope, lines)], start=now) or NEVER


def _stages(departure: Departure, scope: frozenset[Key], lines: Sequence[Line]) -> Iterator[Stage]:
    queues = [departure.queues[key] for key in scope]
    first, later = sum(queue.first for queue in queues), sum(queue.later for queue in queues)
    if not all(queue.later for queue in queues):
        yield Stage(first + later, lines, not_before=departure.starts_at)
        return
    # One mailbox provider's rest may leave while another's first wave is watched: the first to be released counts.
    released = min((queue.released_at for queue in queues if queue.released_at is not None), default=None)
    yield Stage(first, lines, not_before=departure.starts_at)
    yield Stage(
        later,
        lines,
        pause=timedelta(0) if released else departure.watch,
        not_before=max(departure.starts_at, released or departure.starts_at),
    )


def _decisive(departure: Departure, bounds: Sequence[Bound], *, now: datetime) -> tuple[Because | None, int]:
    """What alone takes longest, and how many others it lets pass first."""
    takes = {bound: _alone(departure, bound, now=now) - departure.starts_at for bound in bounds}
    longest = max(takes, key=lambda bound: takes[bound], default=None)
    if longest is not None and longest.is_measured:
        said = [bound for bound in bounds if not bound.is_measured and takes[bound] >= takes[longest] * _NEARLY]
        longest = max(said, key=lambda bound: takes[bound], default=longest)
    if departure.watched is not None and (longest is None or takes[longest] < departure.watch):
        return departure.watched, 0
    return (longest.because, longest.ahead) if longest is not None else (None, 0)


def _alone(departure: Departure, bound: Bound, *, now: datetime) -> datetime:
    ours = sum(departure.queues[key].first + departure.queues[key].later for key in bound.covers)
    stages = [Stage(bound.ahead, [bound.line]), Stage(ours, [bound.line], not_before=departure.starts_at)]
    return through(stages, start=now) or NEVER


def _stretches(departure: Departure, bounds: Sequence[Bound], *, now: datetime) -> list[Stretch]:
    """Those who leave later than everybody's bounds say, the longest first, each with what holds them longest."""
    everybody = frozenset(departure.queues)
    partial = {
        bound: _end(departure, bounds, bound.covers, bound, now=now) for bound in bounds if bound.covers < everybody
    }
    common = max(
        (_end(departure, bounds, everybody, bound, now=now) for bound in bounds if bound.covers == everybody),
        default=departure.starts_at,
    )
    longest = {
        max((b for b in partial if key in b.covers), key=lambda b: partial[b], default=None) for key in everybody
    }
    found = [
        Stretch(
            people=sum(departure.queues[key].first + departure.queues[key].later for key in bound.covers),
            ahead=bound.ahead,
            until=None if partial[bound] == NEVER else partial[bound],
            because=bound.because,
        )
        for bound in longest
        if bound is not None and partial[bound] > common + _SHORT
    ]
    return sorted(found, key=lambda one: (one.until or NEVER, one.people), reverse=True)
