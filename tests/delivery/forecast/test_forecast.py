"""Every limit that is kept is foreseen, from the same rows; and a campaign really sent ends when it was foreseen."""

import time as clock
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organisation
from contacts.models import ContactList
from deliverability.models import SendingDomain, WarmupDay, WarmupPlan
from deliverability.warmup import plans
from delivery import dispatch
from delivery.forecast import Forecast, of_mailing, of_order
from delivery.limits.buckets import Bucket, grant
from delivery.models import (
    Batch,
    Brake,
    DailyCount,
    Limit,
    Mailing,
    Pace,
    Provider,
    Stream,
    StreamDay,
    StreamLimit,
)  # fmt: skip
from delivery.models.limits import EVERYBODY
from delivery.services import Canary, plan_mailing
from delivery.streams import default_stream
from tests.delivery.conftest import MakePeople, order

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
GMAIL, ORANGE, OTHERS = 1, 4, 0
PEOPLE = {GMAIL: 600, ORANGE: 300, OTHERS: 100}
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_measured() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def relay(organisation: Organisation) -> Provider:
    return Provider.objects.create(name="Relay", options={"host": "127.0.0.1", "port": 25}, connection_count=4)


@pytest.fixture
def ask(relay: Provider, clients: ContactList) -> Any:
    def ask(people: dict[int, int] = PEOPLE, **changes: object) -> Forecast:
        asked = order(clients, **({"provider": relay, "starts_at": NOW} | changes))  # type: ignore[arg-type]
        found = of_order(asked, people=people, now=NOW)
        assert found is not None
        return found

    return ask


def words(found: Forecast) -> str:
    return found.because.words if found.because else ""


def midnight(days: int) -> datetime:
    return datetime(2026, 11, 24, tzinfo=UTC) + days * DAY


def limit(relay: Provider, unit: int, amount: int, group: int = EVERYBODY) -> None:
    Limit.objects.create(provider=relay, unit=unit, amount=amount, mx_group=group)


def test_without_a_limit_nothing_is_known_until_a_speed_was_measured(ask: Any, relay: Provider) -> None:
    assert not ask().is_known

    cache.clear()
    fast = Mailing.objects.create(
        name="Before", state=Mailing.State.FINISHED, provider=relay, occasion=1, policy="none", planned_count=500,
        starts_at=NOW, started_at=NOW - DAY, finished_at=NOW - DAY + timedelta(seconds=100),
    )  # fmt: skip
    Batch.objects.create(
        mailing=fast, provider=relay, mx_group=0, first_id=1, last_id=500, done_to=500, open_to=500, due_at=NOW,
        state=Batch.State.DONE, accepted_count=480, refused_count=20,
    )  # fmt: skip
    found = ask()
    assert found.until == NOW + timedelta(seconds=200)
    assert words(found) == "As fast as Relay lately took mail: 300 messages a minute."
    limit(relay, Limit.Unit.CONNECTIONS, 1, ORANGE)
    found = ask()
    assert found.until == NOW + timedelta(seconds=240), "300 of Orange at a quarter of the speed"
    assert "1 connection at a time" in words(found)


def test_account_rates_quotas_and_what_of_today_is_used(ask: Any, relay: Provider) -> None:
    limit(relay, Limit.Unit.HOUR, 500)
    found = ask()
    assert found.until == NOW + timedelta(hours=2)
    assert words(found) == "The limit of Relay decides: 500 messages an hour."
    assert found.because is not None
    assert found.because.url == f"/providers/{relay.pk}/limits/"

    limit(relay, Limit.Unit.DAY, 300)
    DailyCount.objects.create(provider=relay, mx_group=EVERYBODY, on=TODAY, reserved_count=200)
    assert ask().until == midnight(3) + timedelta(minutes=36), "100, 300, 300, and 300 at 500 an hour"
    assert words(ask()) == "The limit of Relay decides: 300 messages a day."


def test_room_kept_for_urgent_mail_is_not_counted_on(ask: Any, relay: Provider) -> None:
    limit(relay, Limit.Unit.DAY, 1000)
    assert ask().until == NOW
    urgent = default_stream(Stream.Kind.TRANSACTIONAL)
    Mailing.objects.create(
        name="Passwords", state=Mailing.State.SENDING, provider=relay, stream=urgent, occasion=1, policy="none",
        starts_at=NOW,
    )  # fmt: skip
    assert ask().until == midnight(1)
    assert ask(stream=urgent).until == NOW


def test_mailbox_providers_by_a_persons_word_and_by_what_is_known(ask: Any, relay: Provider) -> None:
    relay.options["is_direct"] = True
    relay.save()
    found = ask({ORANGE: 6000, GMAIL: 6000})
    assert found.until == NOW + timedelta(minutes=10)
    assert "What Orange takes" in words(found)

    limit(relay, Limit.Unit.MINUTE, 60, ORANGE)
    found = ask({ORANGE: 6000, GMAIL: 6000})
    assert (found.until, words(found)) == (
        NOW + timedelta(minutes=100), "The limit of Relay at Orange decides: 60 messages a minute.",
    )  # fmt: skip
    assert [(one.because.who, one.people, one.until) for one in found.stretches] == [("Orange", 6000, found.until)]


def test_streams(ask: Any) -> None:
    stream = default_stream(Stream.Kind.MARKETING)
    StreamLimit.objects.create(stream=stream, unit=StreamLimit.Unit.MINUTE, amount=50)
    assert ask().until == NOW + timedelta(minutes=20)
    StreamLimit.objects.create(stream=stream, unit=StreamLimit.Unit.DAY, amount=600)
    StreamDay.objects.create(stream=stream, on=TODAY, reserved_count=500)
    found = ask()
    assert found.until == midnight(2) + timedelta(minutes=6)
    assert words(found) == "The limit of the stream “Marketing” decides: 600 messages a day."


def test_warm_ups_by_day_with_what_of_today_is_used(ask: Any, relay: Provider, catcher: Provider) -> None:
    domain = SendingDomain.objects.create(name="maison-verdier.example")
    gmail, others = plans.start(domain=domain, groups=[GMAIL, OTHERS], user=None, today=TODAY)
    WarmupPlan.objects.filter(pk=gmail.pk).update(ceilings=[100, 150, 200])
    WarmupPlan.objects.filter(pk=others.pk).update(ceilings=[50, 70], is_kept=True)
    WarmupDay.objects.create(plan=gmail, on=TODAY, ceiling=100, reserved_count=30)

    found = ask({GMAIL: 300, ORANGE: 90, OTHERS: 25})

    assert [(str(one.because.who), one.people, one.until) for one in found.stretches] == [
        ("Gmail", 300, midnight(2)), ("others", 115, midnight(2)),
    ]  # fmt: skip
    assert "The warm-up of maison-verdier.example decides" in words(found)
    assert ask({GMAIL: 5_000}).until == midnight(3), "after the last step there is no ceiling"
    assert ask({ORANGE: 50_000}).is_endless, "somebody keeps this one"
    assert ask(stream=default_stream(Stream.Kind.TRANSACTIONAL)).stretches == [], "never held"
    assert not ask(provider=catcher).is_known


def test_who_was_asked_to_slow_down_gets_faster_again(ask: Any, relay: Provider) -> None:
    Pace.objects.create(
        provider=relay, mx_group=GMAIL, step=2, bad_at=NOW - timedelta(minutes=5), rest_until=NOW + timedelta(minutes=5)
    )  # fmt: skip
    found = ask({GMAIL: 600 + 60})
    # rests for five minutes, 120 a minute for the next five, then 600 a minute
    assert found.until == NOW + timedelta(minutes=10, seconds=6)
    assert "Gmail has asked us to slow down" in words(found)


def test_the_rhythm_that_was_asked_for(ask: Any) -> None:
    assert ask(pace=timedelta(hours=6)).until == NOW + timedelta(hours=6)
    assert words(ask(pace=timedelta(hours=6))) == "Spread evenly over 6 hours, as asked."
    by_night = ask(quiet=(time(9), time(20)))  # 10 in Paris
    assert by_night.until == datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
    assert words(by_night) == "Nothing leaves between 09:00 and 20:00, as asked."


def test_waves_before_and_while_they_leave(
    ask: Any, relay: Provider, clients: ContactList, make_people: MakePeople
) -> None:
    assert ask(canary=Canary()).until == NOW, "a small one leaves at once"
    found = ask({GMAIL: 9_000}, canary=Canary(minutes=30))
    assert (found.until, words(found)[:32]) == (NOW + timedelta(minutes=30), "The first wave is watched for 30")
    assert ask(canary=Canary(size=100)).until == NOW + timedelta(minutes=15)

    make_people(40, domain="gmail.com")
    mailing = frozen(plan_mailing(order(clients, relay, canary=Canary(size=10))))
    at = datetime.now(UTC)
    assert (of_mailing(mailing, now=at) or Forecast()).until == at + timedelta(minutes=15)
    Brake.objects.update(wave_done_at=at - timedelta(minutes=5))
    Batch.objects.filter(wave=0).update(accepted_count=10)
    found = of_mailing(mailing, now=at) or Forecast()
    assert (found.people, found.until) == (30, at + timedelta(minutes=10))
    Brake.objects.update(state=Brake.State.STOPPED)
    found = of_mailing(mailing, now=at) or Forecast()
    assert (found.people, found.waiting, found.until) == (0, 30, None)


def frozen(mailing: Mailing) -> Mailing:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    mailing.refresh_from_db()
    return mailing


def test_those_who_wait_already_leave_before(
    ask: Any, relay: Provider, clients: ContactList, make_people: MakePeople
) -> None:
    limit(relay, Limit.Unit.MINUTE, 10)
    assert ask().until == NOW + timedelta(minutes=100)
    make_people(200)
    first = frozen(plan_mailing(order(clients, relay)))
    found = ask()
    assert (found.until, found.ahead) == (NOW + timedelta(minutes=120), 200)

    assert (of_mailing(first, now=NOW) or Forecast()).ahead == 0, "nobody before the first"
    second = frozen(plan_mailing(order(clients, relay)))
    found = of_mailing(second, now=NOW, speed=100.0) or Forecast()
    assert (found.people, found.ahead, found.until) == (200, 200, NOW + timedelta(minutes=40))
    Mailing.objects.filter(pk=second.pk).update(paused_until=NOW + timedelta(hours=2))
    second.refresh_from_db()
    assert (of_mailing(second, now=NOW) or Forecast()).until == NOW + timedelta(hours=2, minutes=20)
    Mailing.objects.filter(pk=first.pk).update(state=Mailing.State.PAUSED)
    assert (of_mailing(second, now=NOW) or Forecast()).ahead == 0, "a paused one waits for a person"
    assert of_mailing(Mailing.objects.create(
        name="Planned", provider=relay, occasion=9, policy="none", starts_at=NOW), now=NOW) is None  # fmt: skip


def test_statements_are_as_many_for_three_mailbox_providers_as_for_one(ask: Any, relay: Provider) -> None:
    for unit in (Limit.Unit.HOUR, Limit.Unit.DAY):
        limit(relay, unit, 500)
        limit(relay, unit, 500, GMAIL)
    ask()
    counts = []
    for people in ({GMAIL: 9}, PEOPLE):
        with CaptureQueriesContext(connection) as queries:
            ask(people)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 14


@pytest.mark.django_db(transaction=True)
def test_a_campaign_really_sent_ends_when_it_was_foreseen(mailing: Mailing) -> None:
    """Thirty people at as many a second, what may leave at once being used up."""
    limit(mailing.provider, Limit.Unit.SECOND, 30)
    grant([Bucket(f"{mailing.provider_id}:{EVERYBODY}:1", 30, timedelta(seconds=1))], want=150)
    frozen(mailing)
    now, begun = datetime.now(UTC), clock.monotonic()
    found = of_mailing(mailing, now=now)
    assert found is not None
    assert found.until == now + timedelta(seconds=1)

    while Batch.objects.exclude(state=Batch.State.DONE).exists():
        dispatch.work_provider(mailing.provider_id)

    assert 0.9 < clock.monotonic() - begun < 2
