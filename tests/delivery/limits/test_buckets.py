"""Token buckets against the real Redis: shared, all or nothing across limits, and honest about the wait."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from redis import Redis

from delivery.limits.buckets import Bucket, grant

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def bucket(amount: float, period: timedelta = MINUTE, name: str = "") -> Bucket:
    return Bucket(key=f"test:{name or uuid.uuid4()}", amount=amount, period=period)


def test_no_limit_grants_everything_without_asking() -> None:
    assert grant([], want=500).count == 500


def test_a_burst_of_five_seconds_then_nothing_and_the_wait_is_true() -> None:
    one = bucket(60)

    first, second = grant([one], want=100), grant([one], want=100)

    assert (first.count, second.count) == (5, 0)
    assert second.narrowest == one
    assert timedelta(milliseconds=500) < second.wait <= SECOND


def test_tokens_come_back_with_time() -> None:
    one = bucket(100, SECOND)
    grant([one], want=500)

    time.sleep(0.1)

    assert 5 <= grant([one], want=100).count <= 15


def test_the_narrowest_limit_decides_and_the_others_are_not_charged_for_more() -> None:
    wide, narrow = bucket(1000, SECOND), bucket(36)

    assert grant([wide, narrow], want=50).count == 3
    assert grant([wide], want=10_000).count >= 4997 - 3


def test_an_empty_limit_takes_nothing_from_the_others() -> None:
    wide, empty = bucket(10, DAY), bucket(60)
    grant([empty], want=5)

    assert grant([wide, empty], want=1).count == 0
    assert grant([wide], want=1).count == 1


def test_many_hosts_share_one_limit() -> None:
    one = bucket(240)  # a burst of 20

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: grant([one], want=7).count, range(16)))

    assert sum(counts) == 20


@pytest.mark.parametrize(("amount", "period"), [(2, DAY), (50, timedelta(hours=1)), (1, DAY)])
def test_slow_rates_let_one_leave_at_a_time(amount: int, period: timedelta) -> None:
    one = bucket(amount, period)

    assert [grant([one], want=9).count for _ in range(2)] == [1, 0]
    assert grant([one], want=1).wait > period / amount * 0.9


def test_an_emptied_redis_starts_with_full_buckets() -> None:
    one = bucket(60)
    grant([one], want=5)

    Redis.from_url(settings.REDIS_URL).delete(f"rate:{one.key}")

    assert grant([one], want=100).count == 5
