"""Why an account cannot send, told from a server's words; how long until it is looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from delivery.failover import health
from delivery.failover.causes import BY_CAUSE, class_of
from delivery.failover.health import Sign
from delivery.lanes.contract import Halt
from delivery.models import Cause, Outage, Provider

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("halt", "code", "words", "cause"),
    [
        (Halt.PAUSE, 535, "535 5.7.8 Username and Password not accepted", Cause.ACCOUNT),
        (Halt.PAUSE, 401, '{"message":"Key not found","code":"unauthorized"}', Cause.ACCOUNT),
        (Halt.PAUSE, 550, "550 5.7.1 this account is suspended", Cause.ACCOUNT),
        (Halt.PAUSE, 402, '{"code":"not_enough_credits","message":"Not enough credits"}', Cause.QUOTA),
        (Halt.PAUSE, 550, "550 5.4.5 Daily user sending limit exceeded", Cause.QUOTA),
        (Halt.REST, 454, "454 Throttling failure: Daily message quota exceeded.", Cause.QUOTA),
        (Halt.PAUSE, 553, "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user x", Cause.SENDER),
        (Halt.PAUSE, 403, "Domain verdier.example is not allowed to send: please add it", Cause.SENDER),
        (Halt.PAUSE, 550, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", Cause.SENDER),
        (Halt.REST, None, "[Errno 111] Connection refused", Cause.UNREACHABLE),
        (Halt.REST, 421, "421 4.3.2 we are going down", Cause.UNREACHABLE),
        (Halt.CONTENT, None, "The sender's name contains a line end", None),
    ],
)
def test_each_class_is_told_by_its_words(halt: Halt, code: int | None, words: str, cause: Cause | None) -> None:
    found = class_of(halt, code=code, words=words)

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
