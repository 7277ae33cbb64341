"""Why an account cannot send; how long until it is looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from delivery.failover import health
from delivery.failover.causes import BY_CAUSE, class_of
from delivery.failover.health import Sign
from delivery.lanes.contract import Halt
from delivery.models import Cause, Outage, Provider

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("halt", "cause"),
    [
        (Halt.PAUSE, Cause.ACCOUNT),
        (Halt.SENDER, Cause.SENDER),
        (Halt.QUOTA, Cause.QUOTA),
        (Halt.REST, Cause.UNREACHABLE),
        (Halt.WAIT, None),
        (Halt.CONTENT, None),
    ],
)
def test_each_end_of_a_run_has_its_class(halt: Halt, cause: Cause | None) -> None:
    found = class_of(halt)

    assert (found and found.cause) == cause


@pytest.fixture
def account(db: None) -> Provider:
    return Provider.objects.create(name="Relay", kind="smtp")


def test_two_signs_far_enough_apart_make_an_unreachable_server(account: Provider) -> None:
    sign = Sign(account.pk, Cause.UNREACHABLE, "refused")

    taken = [health.take(sign, now=NOW + timedelta(seconds=seconds)) for seconds in (0, 1, 5, 60)]

    assert taken == [False, False, False, True], "three connections that end at once are one sign"


def test_what_is_accepted_meanwhile_ends_a_suspicion(account: Provider) -> None:
    health.take(Sign(account.pk, Cause.UNREACHABLE, "refused"), now=NOW)
    health.forget_suspicions(account.pk)

    assert not health.take(Sign(account.pk, Cause.UNREACHABLE, "refused"), now=NOW + timedelta(minutes=1))


def test_an_outage_that_comes_back_at_once_is_looked_at_later_each_time(account: Provider) -> None:
    sign, waits = Sign(account.pk, Cause.QUOTA, "quota exceeded"), []
    at = NOW
    for _ in range(7):
        assert health.take(sign, now=at)
        outage = Outage.objects.get(ended_at=None)
        assert outage.try_at is not None
        waits.append(outage.try_at - at)
        at = outage.try_at
        assert health.look(now=at) == []

    assert waits[:3] == [timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)]
    assert waits[-1] == BY_CAUSE[Cause.QUOTA].longest


def test_a_persons_word_ends_every_outage_of_an_account(account: Provider) -> None:
    for cause in (Cause.ACCOUNT, Cause.QUOTA):
        health.take(Sign(account.pk, cause, "no"), now=NOW)

    assert health.end_outages(account.pk, user=None, now=NOW) == 2
    assert health.open_outages() == []
