"""What may go wrong around a send, in short: Redis emptied or gone, two schedulers, clocks that are wrong."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from pytest_django.fixtures import Settings
from redis import Redis

from delivery import dispatch, ledger
from delivery.ledger import Deadline
from delivery.models import Mailing
from delivery.services import drive
from tests.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


def assert_once_each(mailing: Mailing, server: SmtpServer) -> None:
    assert Counter(server.accepted) == Counter(range(1, 31))
    assert ledger.ledger_of(mailing.pk).accepted == 30
    assert ledger.check_ledger(Mailing.objects.get(pk=mailing.pk)) is None


def test_redis_emptied_again_and_again_delays_and_loses_nothing(
    mailing: Mailing, server: SmtpServer, settings: Settings
) -> None:
    settings.WINDOW_SIZE = 3

    def empty(_: ledger.Ledger) -> None:
        Redis.from_url(settings.REDIS_URL).flushdb()

    drive(mailing.pk, report=empty)

    assert_once_each(mailing, server)


def test_without_redis_the_command_line_sends_all_the_same(
    mailing: Mailing, server: SmtpServer, settings: Settings
) -> None:
    default = settings.CACHES["default"]
    settings.CACHES = {"default": default | {"LOCATION": "redis://127.0.0.1:1/0"}}
    with pytest.raises(Exception, match=r"127\.0\.0\.1:1"):
        cache.get("x")

    drive(mailing.pk, report=lambda _: None)

    assert_once_each(mailing, server)


def test_schedulers_that_ring_at_once_begin_nothing_twice(mailing: Mailing, server: SmtpServer) -> None:
    def beat() -> None:
        for _ in range(4):
            dispatch.sweep()
            dispatch.freeze(mailing.pk, after_block=lambda: None)
            dispatch.work_provider(mailing.provider_id)
        connection.close()

    beats = [threading.Thread(target=beat) for _ in range(3)]
    for each in beats:
        each.start()
    for each in beats:
        each.join()
    drive(mailing.pk, report=lambda _: None)

    assert_once_each(mailing, server)


@pytest.mark.parametrize(
    ("boot_jump", "wall_jump", "is_over"),
    [(0, 0, False), (0, 3600, True), (0, -3600, False), (3600, 0, True), (3600, -3600, True)],
)
def test_a_clock_off_by_an_hour_only_ever_stops(boot_jump: float, wall_jump: float, *, is_over: bool) -> None:
    deadline = Deadline.before().after(timedelta(minutes=15))

    found = deadline.is_over(
        boot=lambda: time.clock_gettime(time.CLOCK_BOOTTIME) + boot_jump, wall=lambda: time.time() + wall_jump
    )

    assert found is is_over


def test_a_worker_whose_clock_jumped_begins_nothing_and_gives_its_batch_back(
    mailing: Mailing, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    ours = time.time
    with monkeypatch.context() as patched:
        patched.setattr("delivery.ledger.clock.time.time", lambda: ours() + (3600 if server.accepted else 0))
        dispatch.work_provider(mailing.provider_id, shift=2)
    jumped = len(server.accepted)

    drive(mailing.pk, report=lambda _: None)

    assert 0 < jumped <= 30
    assert_once_each(mailing, server)
