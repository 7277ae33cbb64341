"""An account whose quota is used up, or whose rate is: what is left goes on elsewhere, or later, and nobody is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from contacts.models import ContactList
from deliverability.models import SendingDomain
from delivery import dispatch, ledger
from delivery.failover import end_outages
from delivery.holds import holds_of
from delivery.models import Alignment, Attempt, Cause, Detour, Mailing, Outage, Outcome, Pace, Provider, Stream
from delivery.models import StreamProvider as Place
from delivery.models.limits import EVERYBODY
from delivery.services import drive, plan_mailing
from delivery.streams import default_stream
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.delivery.lanes.api import Api, provider_for
from tests.smtp import Mailbox, SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


class Spent(Mailbox):
    """Takes nine messages, and then its quota of the day is used up, as Amazon SES says it."""

    taken = 0

    def end_of_message(self) -> bytes:
        if Spent.taken >= 9:
            self.sender = self.recipient = None
            return b"454 Throttling failure: Daily message quota exceeded.\r\n"
        Spent.taken += 1
        return super().end_of_message()


@pytest.fixture
def stream(organisation: Organisation, settings: Settings) -> Stream:
    settings.WINDOW_SIZE = 4
    Spent.taken = 0
    return default_stream(Stream.Kind.MARKETING)


@pytest.fixture
def second(stream: Stream, server: SmtpServer) -> Provider:
    made = provider_at(server, connection_count=1)
    domain = SendingDomain.objects.create(name="maison-verdier.example")
    Alignment.objects.create(domain=domain, provider=made, confirmed_at=datetime.now(UTC))
    Place.objects.create(stream=stream, provider=made, position=1)
    return made


@pytest.fixture
def api(stream: Stream) -> Iterator[Api]:
    server = Api("resend")
    yield server
    server.close()


@pytest.fixture
def first(stream: Stream, api: Api) -> Provider:
    made = provider_for("resend", api.url)
    made.pk, made.connection_count = None, 1
    made.save()
    Place.objects.create(stream=stream, provider=made, position=0)
    return made


def planned(clients: ContactList, make_people: MakePeople, count: int = 20) -> Mailing:
    make_people(count)
    mailing = plan_mailing(order(clients, provider=None))
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    return mailing


def says(status: int, name: str, words: str) -> Any:
    return lambda path, body: (status, {"statusCode": status, "name": name, "message": words})


def yes(path: str, body: str) -> tuple[int, None]:
    return 200, None


def assert_everybody_accepted(mailing: Mailing, count: int = 20) -> None:
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.is_balanced) == (count, True)
    assert ledger.check_ledger(Mailing.objects.get(pk=mailing.pk)) is None


def test_the_rest_leaves_through_the_other_and_nobody_was_deferred(
    clients: ContactList, make_people: MakePeople, first: Provider, second: Provider, api: Api, server: SmtpServer
) -> None:
    mailing = planned(clients, make_people)
    spent = says(429, "daily_quota_exceeded", "You have reached your daily email sending quota.")
    api.moods = [yes, yes] + [spent] * 50

    drive(mailing.pk, report=lambda _: None)

    assert (len(api.asked), len(server.accepted)) == (3, 12), "two windows of four, and one call more"
    assert_everybody_accepted(mailing)
    assert not Attempt.objects.exists()
    outage = Outage.objects.get()
    assert (outage.provider, outage.cause, outage.ended_at) == (first, Cause.QUOTA, None)
    assert Detour.objects.get().cause == Cause.QUOTA


def test_where_nobody_takes_over_it_waits_for_the_quotas_end_and_a_person_may_end_it(
    clients: ContactList, make_people: MakePeople, first: Provider, api: Api
) -> None:
    mailing = planned(clients, make_people)
    api.headers = {"Retry-After": "7200"}
    api.moods = [yes, says(429, "daily_quota_exceeded", "You have reached your daily email sending quota.")]

    dispatch.work_provider(first.pk)
    asked = len(api.asked)
    dispatch.sweep()
    dispatch.work_provider(first.pk)

    assert len(api.asked) == asked == 2, "nothing is tried before the quota is over"
    now = datetime.now(UTC)
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SENDING
    outage = Outage.objects.get()
    assert outage.try_at is not None and timedelta(minutes=118) < outage.try_at - now <= timedelta(hours=2)
    (hold,) = [hold for hold in holds_of(mailing, now=now) if hold.until]
    assert (hold.until, hold.is_stopped) == (outage.try_at, True)
    assert "quota" in hold.title and "You have reached your daily email sending quota." in hold.words

    end_outages(first.pk, user=None, now=now)
    api.headers = {}
    drive(mailing.pk, report=lambda _: None)
    assert_everybody_accepted(mailing)


def test_a_relay_says_it_at_the_end_of_the_data(
    clients: ContactList, make_people: MakePeople, stream: Stream, second: Provider, server: SmtpServer
) -> None:
    server.make_mailbox = Spent
    Place.objects.filter(stream=stream, provider=second).update(position=0)
    mailing = planned(clients, make_people)

    dispatch.work_provider(second.pk)

    assert len(server.accepted) == 9
    assert Outage.objects.get().cause == Cause.QUOTA
    assert Outcome.objects.filter(mailing=mailing).count() == 9, "nobody is counted as deferred or refused for it"
    assert not Attempt.objects.exists()
    assert Pace.objects.get(mx_group=EVERYBODY).rest_until is not None


def test_a_moment_is_waited_for_and_is_no_outage(
    clients: ContactList, make_people: MakePeople, first: Provider, second: Provider, api: Api, server: SmtpServer
) -> None:
    mailing = planned(clients, make_people)
    api.headers = {"Retry-After": "0"}
    api.moods = [yes, says(429, "rate_limit_exceeded", "Too many requests."), yes]

    drive(mailing.pk, report=lambda _: None)

    assert_everybody_accepted(mailing)
    assert server.accepted == []
    assert not Outage.objects.exists()
    assert not Attempt.objects.exists()
    assert not Pace.objects.exclude(rest_until=None).exists()


def test_an_account_that_is_never_slow_enough_rests_as_long_as_it_asks(
    clients: ContactList, make_people: MakePeople, first: Provider, api: Api
) -> None:
    mailing = planned(clients, make_people)
    api.headers = {"Retry-After": "90"}
    api.moods = [says(429, "rate_limit_exceeded", "Too many requests.")] * 9

    dispatch.work_provider(first.pk)

    assert len(api.asked) == 1
    rest = Pace.objects.get(provider=first, mx_group=EVERYBODY).rest_until
    assert rest is not None and timedelta(seconds=80) < rest - datetime.now(UTC) <= timedelta(seconds=90)
    assert not Outage.objects.exists()
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SENDING
