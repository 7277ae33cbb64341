"""Fail-over: an account cannot send, and what it certainly did not get leaves through the stream's next one."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry, Organisation
from contacts.models import ContactList
from deliverability.models import SendingDomain
from delivery import alignment, dispatch, failover, ledger
from delivery.holds import holds_of
from delivery.models import Alignment, Batch, Cause, Detour, Limit, Mailing, Outage, Outcome, Provider, Stream
from delivery.models import StreamProvider as Place
from delivery.models.limits import EVERYBODY
from delivery.services import MailingRefused, cancel_mailing, drive, plan_mailing, test_connection
from delivery.streams import default_stream
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.smtp import Mailbox, Manners, SmtpServer, smtp_server

pytestmark = pytest.mark.django_db(transaction=True)


class Dying(Mailbox):
    """Takes twelve messages, and from then on nobody gets in; the twelfth it takes without saying so."""

    taken = 0
    last = 12

    def end_of_message(self) -> bytes:
        if Dying.taken >= Dying.last:
            self.closed = True
            return b""
        answer = super().end_of_message()
        Dying.taken += 1
        if Dying.taken == Dying.last:
            self.closed = True
            return b""
        return answer

    def one(self) -> bytes | None:
        if Dying.taken >= Dying.last:
            self.closed = True
            return b"421 4.3.2 we are going down\r\n"
        return super().one()


@pytest.fixture
def second_server() -> Iterator[SmtpServer]:
    with smtp_server(Manners()) as running:
        yield running


@pytest.fixture
def domain(db: None) -> SendingDomain:
    return SendingDomain.objects.create(name="maison-verdier.example")


@pytest.fixture
def first(db: None, server: SmtpServer) -> Provider:
    return provider_at(server, connection_count=1)


@pytest.fixture
def second(db: None, second_server: SmtpServer, domain: SendingDomain) -> Provider:
    made = provider_at(second_server, connection_count=1)
    Alignment.objects.create(domain=domain, provider=made, confirmed_at=datetime.now(UTC))
    return made


@pytest.fixture
def stream(first: Provider, second: Provider) -> Stream:
    found = default_stream(Stream.Kind.MARKETING)
    Place.objects.create(stream=found, provider=first, position=0)
    Place.objects.create(stream=found, provider=second, position=1)
    return found


@pytest.fixture
def mailing(
    organisation: Organisation, clients: ContactList, stream: Stream, make_people: MakePeople, settings: Settings
) -> Mailing:
    """Thirty people in two batches, by a stream with two accounts."""
    settings.WINDOW_SIZE = 4
    Dying.taken = 0
    make_people(30)
    planned = plan_mailing(order(clients, provider=None))
    dispatch.sweep()
    dispatch.freeze(planned.pk, after_block=lambda: None)
    return planned


@pytest.fixture
def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a minute between two signs."""
    settings.RETRY_STEPS = (0,) * 5
    monkeypatch.setattr("delivery.dispatch.REST", timedelta(0))
    monkeypatch.setattr("delivery.failover.health.APART", timedelta(0))


def break_down(provider: Provider, cause: Cause = Cause.ACCOUNT, **values: object) -> Outage:
    now = datetime.now(UTC)
    return Outage.objects.create(
        provider=provider, cause=cause, words="535 5.7.8 no", struck_at=now, began_at=now,
        try_at=now + timedelta(hours=1), **values,
    )  # fmt: skip


def change_password(provider: Provider, server: SmtpServer) -> None:
    """At the server, and not with us."""
    provider.options["username"], provider.credentials = "envol", {"password": "old"}
    provider.save()
    server.manners.offers += ("AUTH PLAIN",)
    server.manners.password = "new"


def standing_at(mailing: Mailing) -> set[int]:
    return set(mailing.batches.filter(state=Batch.State.PENDING).values_list("provider_id", flat=True))


def assert_everybody_once(mailing: Mailing, *servers: SmtpServer, doubts: int = 0) -> None:
    got = Counter(number for server in servers for number in server.accepted)
    assert got == Counter(range(1, 31)), "nobody twice, nobody left out"
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.unknown, numbers.is_balanced) == (30 - doubts, doubts, True)
    assert ledger.check_ledger(Mailing.objects.get(pk=mailing.pk)) is None


def test_an_account_that_refuses_us_is_left_at_once_and_everybody_is_written_to(
    mailing: Mailing, first: Provider, second: Provider, server: SmtpServer, second_server: SmtpServer
) -> None:
    change_password(first, server)

    drive(mailing.pk, report=lambda _: None)

    assert (len(server.accepted), len(second_server.accepted)) == (0, 30)
    assert_everybody_once(mailing, server, second_server)
    outage = Outage.objects.get()
    assert (outage.provider, outage.cause, outage.ended_at) == (first, Cause.ACCOUNT, None)
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"provider.outage", "mailing.detour"} <= verbs


def test_a_server_that_dies_in_the_middle_leaves_its_doubt_and_the_rest_to_the_other(
    mailing: Mailing, first: Provider, server: SmtpServer, second_server: SmtpServer, impatient: None
) -> None:
    server.make_mailbox = Dying

    drive(mailing.pk, report=lambda _: None)

    assert len(server.accepted) == 12
    assert_everybody_once(mailing, server, second_server, doubts=1)
    doubt = Outcome.objects.get(state=Outcome.State.UNKNOWN)
    assert doubt.provider == first, "what is in doubt never moves"
    (moved,) = mailing.batches.exclude(moved_round=None)
    kept = Outcome.objects.filter(provider=first, state=Outcome.State.ACCEPTED)
    assert [one.message_id for one in kept] == [moved.first_id], "what it took of a batch that moved stays with it"


def test_one_failed_connection_is_not_an_outage(mailing: Mailing, first: Provider, server: SmtpServer) -> None:
    server.close()

    dispatch.work_provider(first.pk)

    assert Outage.objects.get().began_at is None
    mailing.refresh_from_db()
    assert mailing.paused_until is not None
    assert standing_at(mailing) == {first.pk}


def test_a_server_that_closes_on_everybody_rests_with_its_own_words(
    mailing: Mailing, first: Provider, server: SmtpServer
) -> None:
    Dying.taken = Dying.last
    server.make_mailbox = Dying

    dispatch.work_provider(first.pk)

    mailing.refresh_from_db()
    assert mailing.paused_until is not None
    assert mailing.pause_reason == "421 4.3.2 we are going down"


def test_urgent_mail_waits_for_no_second_sign(
    mailing: Mailing, first: Provider, second: Provider, server: SmtpServer
) -> None:
    mailing.batches.update(is_urgent=True)
    server.close()

    dispatch.work_provider(first.pk)

    assert standing_at(mailing) == {second.pk}


def test_what_is_on_the_wire_is_left_alone(mailing: Mailing, first: Provider, second: Provider) -> None:
    claim = ledger.claim_batch(provider_id=first.pk, lease=timedelta(minutes=15))
    assert claim is not None
    break_down(first)

    failover.steer_all(now=datetime.now(UTC))

    assert Batch.objects.get(pk=claim.batch_id).provider == first
    assert standing_at(mailing) == {second.pk}
    ledger.release_batch(claim, backoff=timedelta(0))
    dispatch.sweep()
    assert Batch.objects.get(pk=claim.batch_id).provider == second


def test_it_goes_back_when_the_first_is_well_but_whoever_was_tried_stays(
    mailing: Mailing, first: Provider, second: Provider, server: SmtpServer
) -> None:
    now = datetime.now(UTC)
    break_down(first)
    failover.steer_all(now=now)
    tried = mailing.batches.order_by("first_id")[0]
    Batch.objects.filter(pk=tried.pk).update(round=1)  # somebody of it was deferred by the second

    assert test_connection(first, at=now).is_good
    assert not Outage.objects.filter(ended_at=None).exists()
    failover.steer_all(now=now)

    assert Batch.objects.get(pk=tried.pk).provider == second
    assert set(mailing.batches.exclude(pk=tried.pk).values_list("provider_id", flat=True)) == {first.pk}
    assert Detour.objects.get().ended_at == now
    assert AuditEntry.objects.filter(verb="mailing.detour_over").exists()


def test_a_login_that_works_again_ends_the_outage_and_one_in_vain_waits_longer(
    mailing: Mailing, first: Provider, server: SmtpServer
) -> None:
    now = datetime.now(UTC)
    outage = break_down(first)
    Outage.objects.update(try_at=now)
    change_password(first, server)

    assert dispatch.sweep().probes == [first.pk]
    assert not failover.try_again(first.pk, now=datetime.now(UTC))
    outage.refresh_from_db()
    assert (outage.tries, outage.ended_at) == (1, None)
    assert outage.try_at is not None and outage.try_at - now > timedelta(minutes=29)

    server.manners.password = "old"
    Outage.objects.update(try_at=now)
    assert failover.try_again(first.pk, now=datetime.now(UTC))
    assert not Outage.objects.filter(ended_at=None).exists()


def test_a_domain_nobody_has_confirmed_is_not_taken_over_and_the_page_says_why(
    mailing: Mailing, first: Provider, second: Provider, server: SmtpServer, second_server: SmtpServer
) -> None:
    Alignment.objects.all().delete()
    change_password(first, server)

    dispatch.work_provider(first.pk)

    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.PAUSED
    assert standing_at(mailing) == {first.pk}
    said = [hold for hold in holds_of(mailing, now=datetime.now(UTC)) if str(second) in hold.title]
    assert "maison-verdier.example" in said[0].words
    assert second_server.accepted == []


@pytest.mark.parametrize(("confirmed", "is_good"), [("example", False), ("maison-verdier.example", True)])
def test_alignment_goes_by_the_organisational_domain(
    mailing: Mailing, second: Provider, domain: SendingDomain, *, confirmed: str, is_good: bool
) -> None:
    SendingDomain.objects.filter(pk=domain.pk).update(name=confirmed)

    found = alignment.uncovered(second, {"news.maison-verdier.example"}, now=datetime.now(UTC))
    assert list(found) == ([] if is_good else ["news.maison-verdier.example"])


@pytest.mark.parametrize(
    ("state", "age", "is_taken_over"),
    [
        (Alignment.State.ALIGNED, timedelta(days=1), True),
        (Alignment.State.ALIGNED, timedelta(days=8), False),
        (Alignment.State.REFUSED, timedelta(0), False),
        (Alignment.State.OPEN, timedelta(0), False),
    ],
)
def test_what_the_dns_said_decides_who_takes_over(
    mailing: Mailing, first: Provider, second: Provider, *, state: int, age: timedelta, is_taken_over: bool
) -> None:
    now = datetime.now(UTC)
    Alignment.objects.update(state=state, answered_at=now - age, confirmed_at=None)
    break_down(first)

    dispatch.sweep()

    assert standing_at(mailing) == {second.pk if is_taken_over else first.pk}


def test_nothing_is_planned_for_many_through_an_account_the_domain_does_not_allow(
    organisation: Organisation, clients: ContactList, second: Provider, make_people: MakePeople
) -> None:
    make_people(1)
    Alignment.objects.update(state=Alignment.State.REFUSED)

    with pytest.raises(MailingRefused) as refused:
        plan_mailing(order(clients, second))

    assert [problem.code for problem in refused.value.problems] == ["unaligned"]


def test_a_mailing_that_names_its_account_waits_for_it(
    organisation: Organisation, clients: ContactList, stream: Stream, first: Provider, make_people: MakePeople
) -> None:
    make_people(3)
    named = plan_mailing(order(clients, first))
    dispatch.sweep()
    dispatch.freeze(named.pk, after_block=lambda: None)
    break_down(first)

    dispatch.sweep()

    assert standing_at(named) == {first.pk}
    assert not Detour.objects.exists()


def test_a_quota_of_the_day_sends_the_rest_through_the_other(
    mailing: Mailing, first: Provider, second: Provider, server: SmtpServer, second_server: SmtpServer
) -> None:
    Limit.objects.create(provider=first, mx_group=EVERYBODY, unit=Limit.Unit.DAY, amount=9)

    drive(mailing.pk, report=lambda _: None)

    assert len(server.accepted) == 9
    assert_everybody_once(mailing, server, second_server)
    outage = Outage.objects.get()
    assert outage.cause == Cause.QUOTA and outage.try_at is not None
    assert (outage.try_at.hour, outage.try_at.minute) == (0, 0)


def test_a_quota_ends_by_itself(mailing: Mailing, first: Provider, second: Provider) -> None:
    break_down(first, Cause.QUOTA)
    dispatch.sweep()
    assert standing_at(mailing) == {second.pk}

    Outage.objects.update(try_at=datetime.now(UTC))
    dispatch.sweep()

    assert standing_at(mailing) == {first.pk}


def test_a_refused_sender_is_about_its_domain(mailing: Mailing, first: Provider, second: Provider) -> None:
    break_down(first, Cause.SENDER, domain="boutique.example")
    dispatch.sweep()
    assert standing_at(mailing) == {first.pk}

    Outage.objects.update(domain="maison-verdier.example")
    dispatch.sweep()
    assert standing_at(mailing) == {second.pk}


def test_new_batches_take_the_detour_at_once(
    organisation: Organisation, clients: ContactList, mailing: Mailing, first: Provider, second: Provider
) -> None:
    break_down(first)
    dispatch.sweep()

    assert failover.leaves_through(mailing) == second.pk


def test_the_live_page_says_through_whom_since_when_and_why(
    mailing: Mailing, first: Provider, second: Provider
) -> None:
    break_down(first)
    dispatch.sweep()
    mailing.refresh_from_db()

    (hold,) = holds_of(mailing, now=datetime.now(UTC))
    assert str(second) in hold.title
    assert str(first) in hold.words and "535 5.7.8 no" in hold.words
    assert not hold.is_stopped


def test_a_cancelled_mailing_makes_no_detour(mailing: Mailing, first: Provider) -> None:
    break_down(first)
    dispatch.sweep()
    cancel_mailing(mailing.pk)

    dispatch.sweep()

    assert Detour.objects.get().ended_at is not None


def test_before_it_leaves_one_sees_who_would_take_over(
    stream: Stream, first: Provider, second: Provider, catcher: Provider
) -> None:
    def ready(provider: Provider, address: str) -> list[tuple[Provider, bool]]:
        found = failover.stand_ins(stream, provider, sender_address=address, now=datetime.now(UTC))
        return [(one.provider, not one.words) for one in found]

    Place.objects.create(stream=stream, provider=catcher, position=2)

    assert ready(first, "bonjour@maison-verdier.example") == [(second, True)]
    assert ready(first, "bonjour@boutique.example") == [(second, False)]
    assert ready(catcher, "bonjour@maison-verdier.example") == []


def test_the_accounts_it_left_through_are_named_its_own_first(
    mailing: Mailing, first: Provider, second: Provider
) -> None:
    assert failover.carriers_of(mailing) == [first]
    break_down(first)
    dispatch.sweep()

    assert failover.carriers_of(mailing) == [first, second]
