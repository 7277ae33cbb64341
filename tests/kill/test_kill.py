"""Workers killed with SIGKILL at random while sending to a server that cuts, defers and refuses.

Nobody gets it twice, nobody is unaccounted for, the ledger balances. The long form is `make test-kill`; how long:
ENVOL_KILL_PEOPLE and ENVOL_KILL_COUNT.
"""

import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from typing import TYPE_CHECKING

import pytest

from accounts.models import Organisation
from contacts.models import ContactList, Suppression
from delivery import failpoints, ledger
from delivery.models import Mailing, Outcome, Provider
from delivery.queries import HELD
from delivery.services import plan_mailing, resume_mailing
from tests.delivery.conftest import MakePeople, order
from tests.smtp import Mailbox, SmtpServer, smtp_server

if TYPE_CHECKING:
    from tests.kill.worker import Terms

PEOPLE = int(os.environ.get("ENVOL_KILL_PEOPLE", "3000"))
KILLS = int(os.environ.get("ENVOL_KILL_COUNT", "40"))
WORKERS = 3
LEASE = 2  # seconds
SECONDS = 60 + KILLS


class MoodyMailbox(Mailbox):
    """Says 421, 451 and 550, cuts before and after accepting and in the middle of a reply, says nothing for too long:
    all at random. A little slow, so that kills find something open.
    """

    dice = random.Random(24)

    def mood(self) -> str:
        chances = {"later": 0.006, "no": 0.002, "421": 0.003}
        return self.dice.choices(["yes", *chances], [1, *chances.values()])[0]

    def one(self) -> bytes | None:
        answer = super().one()
        # The person is judged, never the sender: a refused sender would stop the whole mailing for a decision.
        if answer and answer.startswith((b"550", b"451")) and self.sender is None:
            return b"421 4.3.2 closing\r\n" if self._close() else None
        return answer

    def _close(self) -> bool:
        self.closed = True
        return True

    def end_of_message(self) -> bytes:
        time.sleep(0.002)
        if self.dice.random() < 0.002:
            self.closed = True
            return b""  # cut before it is accepted
        answer = super().end_of_message()
        if answer.startswith(b"250"):
            what = self.dice.choices(["", "cut", "half", "stall"], [1, 0.003, 0.002, 0.0004])[0]
            self.closed = self.closed or what in ("cut", "half")
            if what == "stall":
                time.sleep(LEASE)  # nobody waits for an answer longer than two thirds of a lease
            return {"cut": b"", "half": answer[: len(answer) // 2]}.get(what, answer)
        return answer


@pytest.fixture
def moody_provider(db: None) -> Provider:
    return Provider.objects.create(name="Moody", kind="smtp", connection_count=WORKERS)


@pytest.mark.kill
@pytest.mark.timeout(SECONDS * 3)
@pytest.mark.django_db(transaction=True)
def test_kills_at_random_double_nobody_and_lose_nobody(
    organisation: Organisation, clients: ContactList, make_people: MakePeople, moody_provider: Provider
) -> None:
    make_people(PEOPLE)
    with smtp_server(make_mailbox=MoodyMailbox) as server:
        moody_provider.options = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        moody_provider.save()
        mailing = plan_mailing(order(clients, moody_provider))
        kills = kill_while_sending(mailing)

        assert kills >= KILLS * 3 // 4, "too few kills hit a worker at work to prove anything"
        assert_true(mailing, server)


@pytest.mark.kill
@pytest.mark.timeout(SECONDS * 3)
@pytest.mark.django_db(transaction=True)
def test_workers_asleep_for_two_leases_double_nobody_and_lose_nobody(
    organisation: Organisation, clients: ContactList, make_people: MakePeople, moody_provider: Provider
) -> None:
    """A laptop closed, a virtual machine moved: the worker wakes in the middle of what it was doing."""
    make_people(600)
    with smtp_server(make_mailbox=MoodyMailbox) as server:
        moody_provider.options = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        moody_provider.save()
        mailing = plan_mailing(order(clients, moody_provider))
        with crew(mailing) as workers:
            end = time.monotonic() + SECONDS
            wait_until_some_left(server, end)
            asleep = workers()[0]
            os.kill(asleep.pid or 0, signal.SIGSTOP)
            time.sleep(2 * LEASE + 0.5)
            os.kill(asleep.pid or 0, signal.SIGCONT)
            while time.monotonic() < end and not is_finished(mailing):
                time.sleep(0.1)

        assert_true(mailing, server, people=600)


@pytest.mark.kill
@pytest.mark.parametrize("point", [point for point in failpoints.NAMES if point not in ("move", "apply")])
@pytest.mark.django_db(transaction=True)
def test_ended_at_a_named_point_doubles_nobody_and_loses_nobody(
    point: str, organisation: Organisation, clients: ContactList, make_people: MakePeople, moody_provider: Provider
) -> None:
    """One worker dies at the point; others, with a long lease or after it, do the rest."""
    make_people(60)
    with smtp_server() as server:
        moody_provider.options = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        moody_provider.save()
        mailing = plan_mailing(order(clients, moody_provider))
        with crew(mailing, count=0) as workers:
            if point == "heal":  # somebody must have left a lease to be healed
                end_at(workers.context, mailing, "mark.after")
            end_at(workers.context, mailing, point)
            workers.count = 2
            end = time.monotonic() + 30
            while time.monotonic() < end and not is_finished(mailing):
                workers()
                time.sleep(0.1)

        assert_true(mailing, server, people=60)
        in_doubt = ledger.ledger_of(mailing.pk).unknown
        assert in_doubt <= 4, "no more than one window"
        assert in_doubt == 0 or point in ("mark.after", "window", "write_back", "heal")


def end_at(context: "multiprocessing.context.ForkServerContext", mailing: Mailing, point: str) -> None:
    """A worker that ends at the point; it must come there."""
    process = start(context, mailing.pk, point)
    process.join(20)
    assert process.exitcode == 137, f"no worker came to {point}"


def wait_until_some_left(server: SmtpServer, end: float) -> None:
    while not server.accepted and time.monotonic() < end:
        time.sleep(0.01)


def kill_while_sending(mailing: Mailing) -> int:
    """Kill one of the workers at random moments until the mailing is finished; returns the kills."""
    dice, kills, end = random.Random(11), 0, time.monotonic() + SECONDS
    with crew(mailing) as workers:
        while time.monotonic() < end and not is_finished(mailing):
            alive = workers()
            time.sleep(dice.uniform(0.02, 0.4))
            if kills < KILLS:
                dice.choice(alive).kill()
                kills += 1
            resume_when_held(mailing)
    return kills


def resume_when_held(mailing: Mailing) -> None:
    """Four kills in a row over one batch pause the mailing for a person to look; here the person goes on."""
    if Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.PAUSED, pause_reason=HELD).exists():
        resume_mailing(mailing.pk)


@dataclass
class Crew:
    """Called, it sees to it that `count` workers are running, and names them."""

    context: "multiprocessing.context.ForkServerContext"
    mailing_id: int
    count: int
    terms: "Terms | None" = None
    running: list[ForkServerProcess] = field(default_factory=list)

    def __call__(self) -> list[ForkServerProcess]:
        self.running[:] = [process for process in self.running if process.is_alive()]
        while len(self.running) < self.count:
            self.running.append(start(self.context, self.mailing_id, terms=self.terms))
        return self.running


@contextlib.contextmanager
def crew(mailing: Mailing, *, count: int = WORKERS, terms: "Terms | None" = None) -> Iterator[Crew]:
    """Workers for the time of the block."""
    before = os.environ.copy()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.test_settings",
        "ENVOL_LEASE_SECONDS": str(LEASE),
        "ENVOL_WINDOW_SIZE": "4",
        "ENVOL_RETRY_STEPS": ",".join(["0.2"] * 12),
        "ENVOL_LOG_LEVEL": "ERROR",
    }
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.kill.worker"])
    workers = Crew(context, mailing.pk, count, terms)
    workers()
    try:
        yield workers
    finally:
        for process in workers.running:
            process.kill()
            process.join()
        os.environ.clear()
        os.environ |= before


def start(
    context: "multiprocessing.context.ForkServerContext",
    mailing_id: int,
    failpoint: str = "",
    terms: "Terms | None" = None,
) -> ForkServerProcess:
    from tests.kill.worker import Terms, work

    process = context.Process(target=work, args=(mailing_id, failpoint, terms or Terms()), daemon=True)
    process.start()
    return process


def is_finished(mailing: Mailing) -> bool:
    return Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.FINISHED).exists()


def assert_true(mailing: Mailing, *servers: SmtpServer, people: int = PEOPLE) -> None:
    """The ledger against what the servers know."""
    received = Counter(number for server in servers for number in server.accepted)
    numbers = ledger.ledger_of(mailing.pk)
    told: dict[int, set[int]] = {state: set() for state in Outcome.State.values}
    for state, address in Outcome.objects.values_list("state", "message__address"):
        told[state].add(int(address.split("@")[0]))

    assert is_finished(mailing), numbers
    assert [number for number, copies in received.items() if copies > 1] == []
    assert numbers.planned == people
    assert numbers.is_balanced
    assert ledger.check_ledger(Mailing.objects.get(pk=mailing.pk)) is None
    assert told[Outcome.State.ACCEPTED] <= set(received)
    assert set(received) <= told[Outcome.State.ACCEPTED] | told[Outcome.State.UNKNOWN]
    assert set().union(*told.values()) == set(range(1, people + 1))
    assert Suppression.objects.count() == numbers.reasons.get(Outcome.State.REFUSED, {}).get(40, 0)
