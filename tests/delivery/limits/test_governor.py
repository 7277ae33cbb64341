"""The governor: slower at a sign, never for a connection that was merely full, and back step by step."""

from datetime import UTC, datetime, timedelta

import pytest

from delivery.limits import governor
from delivery.limits.governor import Answers, sign_in
from delivery.models import Pace, Provider

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = "451 4.3.0 later"


@pytest.mark.parametrize(
    ("answers", "is_sign"),
    [
        (Answers(100, 0), False),
        (Answers(100, 4, [LATER]), False),
        (Answers(100, 12, [LATER]), True),
        (Answers(20, 2, [LATER]), False),
        (Answers(100, 1, ["421 4.7.28 Our system has detected an unusual rate of mail"]), True),
        (Answers(100, 1, ["421 mwinf5c04 Too many connections, slow down. OFR004_104"]), True),
        (Answers(100, 0, ["421 4.7.0 too many messages on this connection"]), False),
        (Answers(80, 0, ["421 4.3.2 service closing"]), False),
        (Answers(0, 0, ["421 4.3.2 service closing"]), False),
        (Answers(50, 1, ["452 4.2.2 mailbox full"]), False),
    ],
)  # fmt: skip
def test_signs(answers: Answers, is_sign: bool) -> None:
    assert bool(sign_in(answers)) is is_sign


@pytest.fixture
def provider(db: None) -> Provider:
    return Provider.objects.create(name="Relay", options={"host": "127.0.0.1", "port": 25})


def learn(provider: Provider, words: str, now: datetime, group: int = 1) -> bool:
    answers = Answers(answered=0, deferred=1, words=[words])
    return governor.learn(provider_id=provider.pk, mx_group=group, answers=answers, now=now)


def test_each_sign_after_the_rest_is_a_step_and_a_longer_rest(provider: Provider) -> None:
    assert learn(provider, "450 4.7.1 throttled", NOW)
    assert not learn(provider, "450 4.7.1 throttled", NOW + timedelta(seconds=30))
    assert learn(provider, "450 4.7.1 throttled", NOW + timedelta(minutes=3))

    pace = Pace.objects.get()
    assert (pace.step, pace.rest_until) == (2, NOW + timedelta(minutes=7))


def test_gmail_rests_ten_minutes_and_restarts_on_one_connection(provider: Provider) -> None:
    learn(provider, "421 4.7.28 unusual rate", NOW)

    pace = Pace.objects.get()
    assert pace.rest_until == NOW + timedelta(minutes=10)
    assert governor.CONNECTIONS[pace.step] == 1


def test_a_step_back_for_every_fifteen_good_minutes(provider: Provider) -> None:
    learn(provider, "450 throttled", NOW)
    learn(provider, "450 throttled", NOW + timedelta(minutes=5))

    steps = []
    for minutes in (10, 21, 30, 37, 60):
        governor.recover(now=NOW + timedelta(minutes=minutes))
        steps.append(Pace.objects.get().step)

    assert steps == [2, 1, 1, 0, 0]


def test_one_mailbox_provider_does_not_slow_another(provider: Provider) -> None:
    learn(provider, "450 throttled", NOW, group=4)

    assert list(Pace.objects.values_list("mx_group", flat=True)) == [4]
