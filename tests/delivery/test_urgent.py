"""Transactional mail never waits behind a campaign: claimed first, a connection is kept, batches give way."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from contacts.models import Contact, ContactList
from delivery import dispatch, ledger
from delivery.ledger import Claim
from delivery.limits.limiter import limiter_for
from delivery.models import Batch, DailyCount, Limit, Mailing, Message, Provider, Stream
from delivery.models.limits import EVERYBODY
from delivery.services import ContentOrder, plan_mailing
from delivery.slots import free_slots, must_give_way, urgent_slots
from delivery.standing import Letter, next_occasion, write_letter
from delivery.streams import default_stream
from tests.delivery.conftest import HTML, MakePeople, order
from tests.smtp import Mailbox, SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)
LEASE = timedelta(minutes=15)


@pytest.fixture
def campaign(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople, settings: Settings
) -> Mailing:
    """Sixty people in three batches, being sent."""
    settings.WINDOW_SIZE = 2
    make_people(60)
    mailing = plan_mailing(order(clients, provider))
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    return mailing


def write(provider: Provider) -> int:
    """One password, to somebody on no list; its message's number."""
    content = ContentOrder(subject="Mot de passe", html=HTML, sender_address="bonjour@maison-verdier.example")
    letter = Letter("password", "Password", content, default_stream(Stream.Kind.TRANSACTIONAL), provider)
    key = "9000@ecole.example"
    person, _ = Contact.objects.get_or_create(address_key=key, defaults={"address": key, "sort_key": key})
    at = datetime.now(UTC)
    return write_letter(letter, contact=person, address=key, variables={}, at=at, occasion=next_occasion())


def claims(provider: Provider, *, only_urgent: bool = False) -> Claim | None:
    return ledger.claim_batch(provider_id=provider.pk, lease=LEASE, only_urgent=only_urgent)


def test_it_is_claimed_before_what_was_due_long_before(campaign: Mailing, provider: Provider) -> None:
    Batch.objects.update(due_at=datetime(1999, 1, 1, tzinfo=UTC))
    write(provider)

    taken = claims(provider)
    assert taken is not None and taken.is_urgent


def test_express_workers_leave_campaigns_alone(campaign: Mailing, provider: Provider) -> None:
    assert (urgent_slots(), claims(provider, only_urgent=True)) == ([], None)

    write(provider)

    assert urgent_slots() == [provider.pk]
    assert dispatch.work_provider(provider.pk, only_urgent=True) == 1
    assert campaign.batches.filter(state=Batch.State.DONE).count() == 0


def test_of_three_connections_one_is_kept_where_such_mail_is_sent(campaign: Mailing, provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk).update(connection_count=3)
    assert len(free_slots()) == 3, "nobody sends such mail through this account"
    write(provider)

    assert len(free_slots()) == 2
    taken = [claims(provider) for _ in range(4)]
    assert [claim is not None and claim.is_urgent for claim in taken] == [True, False, False, False]
    assert taken[2] is None, "two are in use, and the third is kept"
    write(provider)
    last = claims(provider)
    assert last is not None and last.is_urgent


def test_on_a_single_connection_a_batch_gives_way_at_its_next_window(
    campaign: Mailing, provider: Provider, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "LOOK", 0)

    class Waiting(Mailbox):
        """Somebody asks for a password while the fifth message is taken."""

        def end_of_message(self) -> bytes:
            answer = super().end_of_message()
            if len(self.accepted) == 5:
                write(provider)
                connection.close()
            return answer

    server.make_mailbox = Waiting

    dispatch.work_provider(provider.pk)

    assert server.accepted.index(9000) <= 7, "behind the window that was open and no other"
    assert sorted(server.accepted) == [*range(1, 61), 9000]


def test_a_mailbox_providers_own_connections_are_given_way_too(
    campaign: Mailing, provider: Provider, server: SmtpServer
) -> None:
    Provider.objects.filter(pk=provider.pk).update(connection_count=3)
    provider.refresh_from_db()
    write(provider)
    assert not must_give_way(provider, mx_group=0, is_narrow=False), "a connection is kept for it"
    assert must_give_way(provider, mx_group=0, is_narrow=True)
    assert not must_give_way(provider, mx_group=4, is_narrow=True), "another mailbox provider"


def test_campaigns_leave_the_last_of_a_day_and_of_a_rate_to_it(campaign: Mailing, provider: Provider) -> None:
    Limit.objects.create(provider=provider, mx_group=EVERYBODY, unit=Limit.Unit.DAY, amount=40)
    Limit.objects.create(provider=provider, mx_group=EVERYBODY, unit=Limit.Unit.MINUTE, amount=120)
    now = datetime.now(UTC)

    def takes(mailing: Mailing) -> int:
        found = Mailing.objects.select_related("stream").get(pk=mailing.pk)
        return limiter_for(mailing=found, provider=provider, mx_group=0).take(100, now=now).count

    password = Message.objects.get(pk=write(provider)).mailing

    assert takes(campaign) == 8, "ten may leave at once, and two of them are kept"
    assert takes(campaign) == 0
    assert takes(password) == 2
    DailyCount.objects.update(reserved_count=38)
    assert takes(campaign) == 0, "of forty a day two are kept"


def test_where_no_such_mail_is_sent_campaigns_have_all_of_it(campaign: Mailing, provider: Provider) -> None:
    Limit.objects.create(provider=provider, mx_group=EVERYBODY, unit=Limit.Unit.MINUTE, amount=120)

    assert limiter_for(mailing=campaign, provider=provider, mx_group=0).take(100, now=datetime.now(UTC)).count == 10
