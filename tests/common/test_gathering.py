"""Group commit: what a caller is told, and when."""

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest
from django.db import OperationalError

from common.gathering import Gatherer, NotStored, Terms


def test_what_arrives_while_a_group_is_stored_is_the_next_group_and_each_gets_its_own_answer() -> None:
    groups: list[list[int]] = []
    free = threading.Event()

    def store(items: Sequence[int]) -> list[int]:
        assert free.wait(5)
        groups.append(list(items))
        return [item * 10 for item in items]

    async def scenario() -> list[int]:
        gatherer = Gatherer(store, Terms(lanes=1))
        first = asyncio.ensure_future(gatherer.put(0))
        await asyncio.sleep(0.02)
        others = [asyncio.ensure_future(gatherer.put(number)) for number in range(1, 50)]
        await asyncio.sleep(0)
        free.set()
        answers = await asyncio.gather(first, *others)
        await gatherer.close()
        return answers

    assert asyncio.run(scenario()) == [number * 10 for number in range(50)]
    assert groups == [[0], list(range(1, 50))]


def test_nothing_stays_behind_between_two_groups() -> None:
    def store(items: Sequence[int]) -> Sequence[int]:
        time.sleep(0.002)
        return items

    async def scenario() -> float:
        gatherer = Gatherer(store, Terms(most=3))
        begun = time.monotonic()
        for start in range(0, 120, 12):
            await asyncio.gather(*map(gatherer.put, range(start, start + 12)))
        seconds = time.monotonic() - begun
        await gatherer.close()
        return seconds

    assert asyncio.run(scenario()) < Terms().patience


def test_no_group_is_larger_than_its_terms() -> None:
    sizes: list[int] = []

    def store(items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        return items

    async def scenario() -> None:
        gatherer = Gatherer(store, Terms(most=20))
        await asyncio.gather(*map(gatherer.put, range(90)))
        await gatherer.close()

    asyncio.run(scenario())
    assert sum(sizes) == 90
    assert max(sizes) == 20


def test_a_slow_call_holds_back_its_own_group_only() -> None:
    free = threading.Event()

    def store(items: Sequence[int]) -> Sequence[int]:
        if 0 in items:
            assert free.wait(5)
        return items

    async def scenario() -> None:
        gatherer = Gatherer(store, Terms(lanes=2))
        slow = asyncio.ensure_future(gatherer.put(0))
        await asyncio.sleep(0.01)
        assert await asyncio.wait_for(gatherer.put(1), 2) == 1
        assert not slow.done()
        free.set()
        assert await slow == 0
        await gatherer.close()

    asyncio.run(scenario())


def test_an_item_that_breaks_its_group_takes_nobody_with_it() -> None:
    def store(items: Sequence[int]) -> Sequence[int]:
        if 13 in items:
            raise ValueError("thirteen")
        return items

    async def scenario() -> list[int | BaseException]:
        gatherer = Gatherer(store)
        answers = await asyncio.gather(*map(gatherer.put, range(20)), return_exceptions=True)
        await gatherer.close()
        return answers

    answers = asyncio.run(scenario())
    assert isinstance(answers.pop(13), ValueError)
    assert answers == [number for number in range(20) if number != 13]


def test_a_connection_that_was_lost_is_renewed_once() -> None:
    calls = 0

    def store(items: Sequence[int]) -> Sequence[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return items

    async def scenario() -> int:
        gatherer = Gatherer(store)
        answer = await gatherer.put(1)
        await gatherer.close()
        return answer

    assert asyncio.run(scenario()) == 1


def test_a_database_that_is_away_is_said_so() -> None:
    def store(items: Sequence[int]) -> Sequence[int]:
        raise OperationalError("connection refused")

    async def scenario() -> None:
        gatherer = Gatherer(store)
        with pytest.raises(NotStored):
            await gatherer.put(1)
        await gatherer.close()

    asyncio.run(scenario())


def test_nobody_waits_for_a_database_that_hangs() -> None:
    free = threading.Event()

    def store(items: Sequence[int]) -> Sequence[int]:
        assert free.wait(5)
        return items

    async def scenario() -> None:
        gatherer = Gatherer(store, Terms(lanes=1, most=1, patience=0.05, waiting=3))
        begun = time.monotonic()
        told = await asyncio.gather(*map(gatherer.put, range(9)), return_exceptions=True)
        assert time.monotonic() - begun < 2
        assert all(isinstance(one, NotStored) for one in told)
        free.set()
        await gatherer.close()

    asyncio.run(scenario())


def test_close_stores_what_waits() -> None:
    stored: list[int] = []

    def store(items: Sequence[int]) -> Sequence[int]:
        time.sleep(0.01)
        stored.extend(items)
        return items

    async def scenario() -> None:
        gatherer = Gatherer(store, Terms(lanes=1, most=10))
        waiting = [asyncio.ensure_future(gatherer.put(number)) for number in range(35)]
        await asyncio.sleep(0)
        await gatherer.close()
        await asyncio.gather(*waiting)

    asyncio.run(scenario())
    assert sorted(stored) == list(range(35))
