"""The end that is foreseen, by property: no earlier than a single limit allows, no earlier for one limit more."""

import math
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.forecast.capacity import Line, Stage, resting, steady, stepped, through
from delivery.forecast.outlook import Because, Bound, Departure, Key, Queue, foresee

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEYS: list[Key] = [(1, 1), (1, 4), (2, 1)]
PARIS = ZoneInfo("Europe/Paris")


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def day(amount: int, *, used: int = 0) -> Line:
    return Line(day=lambda _day: amount, used=used)


@pytest.mark.parametrize(
    ("lines", "people", "end"),
    [
        ([], 10, NOW),
        ([steady(10)], 6_000, minutes(10)),
        ([steady(10), steady(2)], 6_000, minutes(50)),
        ([day(300)], 300, NOW),
        ([day(300)], 301, datetime(2026, 11, 25, tzinfo=UTC)),
        ([day(300, used=299)], 302, datetime(2026, 11, 26, tzinfo=UTC)),
        ([day(300, used=900)], 1, datetime(2026, 11, 25, tzinfo=UTC)),
        ([day(600), steady(1)], 1_200, datetime(2026, 11, 25, 0, 10, tzinfo=UTC)),
        ([day(300)], 300 * 400, None),
        ([Line(day=[50, 100].__getitem__)], 150, datetime(2026, 11, 25, tzinfo=UTC)),
        ([Line(day=lambda number: 50 if number < 2 else None)], 9_000, datetime(2026, 11, 26, tzinfo=UTC)),
        ([stepped([(minutes(5), 0), (minutes(10), 1)])], 301, minutes(10)),
        ([resting(time(21), time(8), PARIS)], 10, NOW),
        ([resting(time(9), time(12), PARIS)], 10, datetime(2026, 11, 24, 11, 0, tzinfo=UTC)),
        ([resting(time(5), time(14), PARIS), day(5, used=1)], 5, datetime(2026, 11, 25, tzinfo=UTC)),
        ([resting(time(12), time(8), PARIS), steady(1)], 2 * 3600 + 60, datetime(2026, 11, 25, 7, 1, tzinfo=UTC)),
    ],
)
def test_one_flow_through_lines(lines: list[Line], people: int, end: datetime | None) -> None:
    assert through([Stage(people, lines)], start=NOW) == end


def test_those_before_use_the_day_up_and_nobody_leaves_before_the_time() -> None:
    quota = day(300)

    assert through([Stage(200, [quota]), Stage(100, [quota])], start=NOW) == NOW
    assert through([Stage(200, [quota]), Stage(101, [quota])], start=NOW) == datetime(2026, 11, 25, tzinfo=UTC)
    assert through([Stage(1, [quota], not_before=minutes(7)), Stage(0, pause=timedelta(9))], start=NOW) == minutes(7)


def line_of(drawn: tuple[str, int]) -> Line:
    kind, number = drawn
    return {
        "rate": lambda: steady(number / 60),
        "day": lambda: day(number, used=number // 3),
        "quiet": lambda: resting(time(number % 24), time((number + 9) % 24), PARIS),
        "slow": lambda: stepped([(minutes(number), 0), (minutes(2 * number), number / 60)]),
    }[kind]()


LINES = st.tuples(st.sampled_from(["rate", "day", "quiet", "slow"]), st.integers(5, 2_000)).map(line_of)
SCOPES = st.sampled_from([*map(frozenset, (KEYS, KEYS[:2], KEYS[2:], KEYS[:1], [KEYS[0], KEYS[2]]))])
BOUNDS = st.builds(
    Bound, line=LINES, covers=SCOPES, because=st.just(Because("a limit")), ahead=st.sampled_from([0, 0, 40, 3_000])
)
QUEUES = st.builds(Queue, first=st.integers(1, 400), later=st.sampled_from([0, 0, 900]))
DEPARTURES = st.builds(
    Departure,
    queues=st.fixed_dictionaries(dict.fromkeys(KEYS, QUEUES)),
    starts_at=st.sampled_from([NOW, minutes(90)]),
    watch=st.just(timedelta(minutes=15)),
)


def end_of(departure: Departure, bounds: list[Bound]) -> datetime:
    found = foresee(departure, bounds, now=NOW)
    return found.until or datetime.max.replace(tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(departure=DEPARTURES, bounds=st.lists(BOUNDS, max_size=4), more=BOUNDS)
def test_one_limit_more_never_makes_it_earlier(departure: Departure, bounds: list[Bound], more: Bound) -> None:
    end = end_of(departure, bounds)

    assert end_of(departure, [*bounds, more]) >= end
    assert end_of(departure, [*bounds, more]) >= end_of(departure, [more])
    assert end >= departure.starts_at
    if any(queue.later for queue in departure.queues.values()):
        assert end >= departure.starts_at + departure.watch


@settings(max_examples=60, deadline=None)
@given(people=st.integers(1, 100_000), per_second=st.floats(0.5, 500), ahead=st.integers(0, 5_000))
def test_one_rate_is_people_by_rate(people: int, per_second: float, ahead: int) -> None:
    key = KEYS[0]
    bound = Bound(steady(per_second), frozenset([key]), Because("a rate"), ahead)

    found = foresee(Departure({key: Queue(people)}, starts_at=NOW), [bound], now=NOW)

    assert found.until is not None
    assert math.isclose((found.until - NOW).total_seconds(), (people + ahead) / per_second, abs_tol=1e-3)


def bound(line: Line, words: str, keys: list[Key] = KEYS, **more: bool) -> Bound:
    return Bound(line, frozenset(keys), Because(words, who="Orange"), **more)


THREE = Departure({key: Queue(1_000) for key in KEYS}, starts_at=NOW)


def test_what_decides_is_named_and_who_is_held_back_longer() -> None:
    found = foresee(THREE, [bound(steady(10), "account"), bound(day(100), "orange", [KEYS[1]])], now=NOW)

    assert (found.because and found.because.words, found.people) == ("orange", 3_000)
    [held] = found.stretches
    assert (held.people, held.because.words) == (1_000, "orange")
    assert found.until == held.until == datetime(2026, 12, 3, 0, 0, 10, tzinfo=UTC)


def test_what_was_measured_gives_way_to_the_limit_it_follows_from() -> None:
    limits = [bound(steady(10), "limit"), bound(steady(9.2), "measured", is_measured=True)]

    assert (foresee(THREE, limits, now=NOW).because or Because("")).words == "limit"
    slower = [limits[0], bound(steady(3), "measured", is_measured=True)]
    assert (foresee(THREE, slower, now=NOW).because or Because("")).words == "measured"


def test_waves_wait_and_say_so() -> None:
    key = KEYS[0]
    departure = Departure({key: Queue(60, 540)}, starts_at=NOW, watch=timedelta(minutes=15), watched=Because("watched"))
    rate = Bound(steady(1), frozenset([key]), Because("rate"))

    found = foresee(departure, [rate], now=NOW)
    assert (found.until, found.because) == (minutes(1 + 15 + 9), departure.watched)
    tried = replace(departure, queues={key: Queue(0, 540, released_at=minutes(4))})
    assert foresee(tried, [rate], now=NOW).until == minutes(13)


def test_nobody_and_nothing_known() -> None:
    assert foresee(Departure({}, starts_at=NOW), [], now=NOW, waiting=3).waiting == 3
    found = foresee(THREE, [], now=NOW)
    assert (found.is_known, found.is_endless, found.until) == (False, False, NOW)
