"""A process is not kept by a slow campaign while somebody else waits for one; what it leaves goes on later, once."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import dispatch, ledger
from delivery import orders as orders_module
from delivery.models import Batch, Mailing, Provider
from delivery.services import plan_mailing
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.smtp import Mailbox, SmtpServer, smtp_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(
    organisation: Organisation,
    clients: ContactList,
    provider: Provider,
    make_people: MakePeople,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Mailing:
    """Forty people in two batches, being sent two at a time; whoever sends looks around before each window."""
    monkeypatch.setattr(dispatch, "LOOK", 0)
    monkeypatch.setattr(orders_module, "GOOD_FOR", 0)
    settings.WINDOW_SIZE = 2
    make_people(40)
    mailing = plan_mailing(order(clients, provider))
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    return mailing


def at_the_fifth(happens: Callable[[], object], *, pause: float = 0) -> type[Mailbox]:
    class Telling(Mailbox):
        def end_of_message(self) -> bytes:
            answer = super().end_of_message()
            time.sleep(pause)
            if len(self.accepted) == 5:
                happens()
                connection.close()
            return answer

    return Telling


def test_a_mailing_that_begins_is_frozen_before_the_batch_ends(
    campaign: Mailing, provider: Provider, clients: ContactList, server: SmtpServer
) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=5)
    other = plan_mailing(order(clients, provider))
    begins = Mailing.objects.filter(pk=other.pk)
    server.make_mailbox = at_the_fifth(lambda: begins.update(state=Mailing.State.SENDING, started_at=begun))

    dispatch.work_provider(provider.pk)

    assert 5 <= len(server.accepted) <= 7, "behind the window that was open and no other"
    dispatch.freeze(other.pk, after_block=lambda: None)
    Batch.objects.filter(mailing=campaign).update(due_at=begun)
    while dispatch.work_provider(provider.pk):
        pass
    assert sorted(server.accepted) == sorted([*range(1, 41)] * 2), "each mailing to everybody once"
    assert ledger.ledger_of(campaign.pk).is_balanced


def test_one_that_nobody_can_freeze_stops_the_others_for_a_minute_at_most(
    campaign: Mailing, provider: Provider, clients: ContactList, server: SmtpServer
) -> None:
    other = plan_mailing(order(clients, provider))
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    Mailing.objects.filter(pk=other.pk).update(state=Mailing.State.SENDING, started_at=long_ago)

    dispatch.work_provider(provider.pk)

    assert len(server.accepted) == 40


@pytest.mark.parametrize(("has_other", "most"), [(True, 19), (False, 20)])
def test_after_its_shift_a_process_is_free_for_another_account(
    campaign: Mailing, provider: Provider, server: SmtpServer, has_other: bool, most: int
) -> None:
    if has_other:
        with smtp_server() as elsewhere:
            waiting = Batch.objects.filter(mailing=campaign).latest("pk")
            waiting.provider, waiting.due_at = provider_at(elsewhere), datetime.now(UTC) - timedelta(seconds=10)
            waiting.save()
    server.make_mailbox = at_the_fifth(lambda: None, pause=0.02)

    dispatch.work_provider(provider.pk, shift=0.1)

    assert 1 <= len(server.accepted) <= most
    assert has_other or len(server.accepted) == most, "nobody waits: the batch is worked to its end"
