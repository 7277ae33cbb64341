"""Connections of a process that was killed are free within seconds; one that slept begins nothing with them."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.context import ForkServerProcess

import pytest

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import ledger
from delivery.models import Batch, Mailing, Outcome, Provider
from delivery.services import plan_mailing
from delivery.slots import free_slots
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.kill.test_kill import crew
from tests.kill.worker import Terms
from tests.smtp import Mailbox, SmtpServer, smtp_server

PLACE = 1.0  # seconds
LEASE = 120

pytestmark = [pytest.mark.kill, pytest.mark.timeout(60), pytest.mark.django_db(transaction=True)]


class Slow(Mailbox):
    """So slow that whoever sends is always in the middle of it."""

    def end_of_message(self) -> bytes:
        time.sleep(0.05)
        return super().end_of_message()


@pytest.fixture
def slow_server() -> Iterator[SmtpServer]:
    with smtp_server(make_mailbox=Slow) as running:
        yield running


@pytest.fixture
def mailing(organisation: Organisation, clients: ContactList, make_people: MakePeople, slow: Provider) -> Mailing:
    make_people(400)
    return plan_mailing(order(clients, slow))


@pytest.fixture
def slow(db: None, slow_server: SmtpServer) -> Provider:
    """One connection: who holds it keeps everybody else out."""
    return provider_at(slow_server, connection_count=1)


@pytest.fixture
def at_work(mailing: Mailing, slow_server: SmtpServer) -> Iterator[ForkServerProcess]:
    """A process in the middle of a batch, its lease long."""
    with crew(mailing, count=1, terms=Terms(lease=LEASE, place=PLACE)) as workers:
        until(lambda: len(slow_server.accepted) >= 3)
        yield workers.running[0]


def until(is_so: Callable[[], object], *, seconds: float = 15) -> float:
    """How many seconds it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() < begun + seconds
        time.sleep(0.02)
    return time.monotonic() - begun


def test_a_killed_process_frees_its_connection_long_before_its_lease(
    at_work: ForkServerProcess, mailing: Mailing, slow: Provider
) -> None:
    held = Batch.objects.get(state=Batch.State.CLAIMED)
    time.sleep(PLACE * 1.2)
    assert free_slots() == [], "it is alive, however long it takes: its heart beats while it waits for the server"

    at_work.kill()
    took = until(lambda: free_slots() == [slow.pk])

    assert took <= PLACE + 0.5
    assert ledger.claim_batch(provider_id=slow.pk, lease=timedelta(seconds=LEASE)) is not None
    held.refresh_from_db()
    assert held.state == Batch.State.CLAIMED, "what may be on the wire stays its own until the lease is over"
    assert free_slots() == [], "the one who came instead is counted"


def test_a_process_that_slept_begins_nothing_and_waits_until_there_is_room(
    at_work: ForkServerProcess, mailing: Mailing, slow: Provider, slow_server: SmtpServer
) -> None:
    os.kill(at_work.pid or 0, signal.SIGSTOP)
    theirs = Batch.objects.get(state=Batch.State.CLAIMED)
    until(lambda: free_slots() == [slow.pk])
    ours = ledger.claim_batch(provider_id=slow.pk, lease=timedelta(seconds=LEASE))
    assert ours is not None
    before = len(slow_server.accepted)
    os.kill(at_work.pid or 0, signal.SIGCONT)
    until(lambda: not Batch.objects.filter(pk=theirs.pk, state=Batch.State.CLAIMED).exists())
    until(lambda: Outcome.objects.count() == len(slow_server.accepted))
    time.sleep(0.4)

    assert len(slow_server.accepted) - before <= 4, "it ends what it had begun, a window at most"
    assert Batch.objects.get(state=Batch.State.CLAIMED).pk == ours.batch_id, "and gives back the rest"
    assert ledger.ledger_of(mailing.pk).unknown == 0

    ledger.release_batch(ours, backoff=timedelta(0))
    until(lambda: len(slow_server.accepted) > before + 8)  # there is room again: it goes on, under a new number
