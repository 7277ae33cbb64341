"""Three accounts that fail, recover and lose connections in any order, workers that die, and people who interfere.

The real lane, over sockets, to servers whose moods the machine sets. Nobody twice, nobody lost, doubts never move,
whoever was tried stays with an account while it is well, an account nobody vouches for is never used, and what does
not move says why. The suite runs a few orders of events; ENVOL_FAILOVER_EXAMPLES asks for more.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pytest_django.fixtures import Settings

from deliverability.models import SendingDomain
from delivery import dispatch, failover, ledger
from delivery.holds import holds_of
from delivery.models import Alignment, Batch, Counter, Detour, Mailing, Outage, Outcome, Provider, Stream
from delivery.models import StreamProvider as Place
from delivery.services import pause_mailing, resume_mailing, test_connection
from tests.delivery.ledger.conftest import LEASE, let_lease_end, make_mailing
from tests.smtp import Mailbox, Manners, SmtpServer, smtp_server

EXAMPLES = int(os.environ.get("ENVOL_FAILOVER_EXAMPLES", "5"))
STEPS = int(os.environ.get("ENVOL_FAILOVER_STEPS", "10"))
SIZES = (4, 4, 4, 3)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WELL, DOWN, SUSPENDED, SPENT, FORBIDDEN, CLOSED = "well", "down", "suspended", "spent", "forbidden", "closed"
MOODS = {
    DOWN: b"421 4.3.2 we are going down",
    SUSPENDED: b"550 5.7.1 this account is suspended",
    SPENT: b"454 Throttling failure: Daily message quota exceeded.",
    FORBIDDEN: b"553 5.7.1 <a@b.example>: Sender address rejected: not owned by user envol",
    CLOSED: b"554 5.7.1 no service for you",
}
ENDS = st.lists(st.sampled_from(["yes", "yes", "later", "no", "cut before", "cut after"]), max_size=6)


@dataclass
class Host:
    """One provider's server and what it is like today. `met`: who was offered to whom, of all hosts; `ends`: of the
    next messages."""

    number: int
    server: SmtpServer
    met: list[tuple[int, int]]
    mood: str = WELL
    ends: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        host = self

        class Box(Mailbox):
            def one(self) -> bytes | None:
                line, found, rest = self.rest.partition(b"\r\n")
                if found and line[:4] == b"MAIL" and not self.in_data and host.mood in (DOWN, SUSPENDED, FORBIDDEN):
                    self.rest, self.closed = rest, host.mood == DOWN
                    return MOODS[host.mood] + b"\r\n"
                if found and line[:4] == b"RCPT" and not self.in_data:
                    host.met.append((int(line.split(b"<")[1].split(b"@")[0]), host.number))
                return super().one()

            def end_of_message(self) -> bytes:
                end = host.ends.pop(0) if host.ends else "yes"
                if host.mood == SPENT:
                    self.sender = self.recipient = None
                    return MOODS[SPENT] + b"\r\n"
                if end in ("later", "no"):
                    self.sender = self.recipient = None
                    return b"451 4.3.0 later\r\n" if end == "later" else b"550 5.1.1 no\r\n"
                if end == "cut before":
                    self.closed = True
                    return b""
                answer = super().end_of_message()
                self.closed = end == "cut after"
                return b"" if self.closed else answer

        self.server.make_mailbox = Box

    def set_mood(self, mood: str) -> None:
        self.mood = mood
        self.server.manners.greeting = MOODS[CLOSED] + b"\r\n" if mood == CLOSED else b"220 test ESMTP\r\n"


class Failing(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.open = ExitStack()
        self.hosts: dict[int, Host] = {}
        self.met: list[tuple[int, int]] = []
        self.looked_at = 0  # of them
        self.order: list[Provider] = []
        domain, _ = SendingDomain.objects.get_or_create(name="b.example")
        self.domain = domain
        stream = Stream.objects.create(name=f"Stream {Stream.objects.count()}", kind=Stream.Kind.MARKETING)
        for position in range(3):
            server = self.open.enter_context(smtp_server(Manners()))
            there = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
            name = f"Account {Provider.objects.count()}"
            provider = Provider.objects.create(name=name, kind="smtp", options=there, connection_count=2)
            Place.objects.create(stream=stream, provider=provider, position=position)
            self.order.append(provider)
            self.hosts[provider.pk] = Host(provider.pk, server, self.met)
        Alignment.objects.create(domain=domain, provider=self.order[1], confirmed_at=LONG_AGO)
        self.may_use_third = False
        self.by_ghosts: list[int] = []  # delivered by workers that died before they wrote it down
        self.through: dict[int, int] = {}  # doubt: the account it is in doubt at
        self.doubtful: set[int] = set()
        self.mailing = make_mailing(self.order[0], sizes=SIZES, before="")
        Mailing.objects.filter(pk=self.mailing.pk).update(stream=stream, started_at=LONG_AGO, is_pinned=False)

    def teardown(self) -> None:
        """Whatever happened: once everybody is well, everybody is accounted for. Nothing is left for the next one."""
        if not hasattr(self, "open"):
            return
        try:
            self.everybody_recovers_and_it_comes_to_an_end()
        finally:
            self.open.close()
            Batch.objects.update(state=Batch.State.DONE, claim=None, lease_until=None, done_to=F("open_to"))
            Mailing.objects.update(state=Mailing.State.FINISHED)
            Outage.objects.all().delete()
            Counter.objects.filter(name="mass_expiry").update(next=0)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    @rule(mood=st.sampled_from(["as it is", WELL, *MOODS]), ends=ENDS, looks=st.integers(2, 6), lines=st.integers(1, 2))
    def somebody_works(self, mood: str, ends: list[str], looks: int, lines: int) -> None:
        """Where something is due. `looks`: how often the worker may ask whether it is to stop before it is; `lines`:
        connections at once."""
        due = Batch.objects.filter(mailing=self.mailing, state=Batch.State.PENDING).order_by("due_at", "pk").first()
        if due is None:
            return
        host, left = self.hosts[due.provider_id], iter(range(looks))
        host.ends = ends
        if mood != "as it is":
            host.set_mood(mood)
        dispatch.work_provider(due.provider_id, connections=lines, stop=lambda: next(left, None) is None)

    @rule(which=st.integers(0, 2), got=st.integers(0, 2), is_early=st.booleans())
    def a_worker_is_killed(self, which: int, got: int, is_early: bool) -> None:
        """With a window open, of which the server took `got`; `is_early`: before it was marked."""
        claim = ledger.claim_batch(provider_id=self.order[which].pk, lease=LEASE)
        if claim is None:
            return
        waiting = ledger.read_window(claim, after=claim.first_id - 1, size=2)
        if is_early or not waiting:
            return
        opened = ledger.mark_window(claim, [], done_to=claim.first_id - 1, open_to=waiting[-1].message.pk)
        if opened is not None:
            sent = [one.message.pk for one in waiting if one.message.pk not in opened.leave_out]
            self.by_ghosts += sent[:got]
            self.met += [(number, claim.provider_id) for number in sent[:got]]

    @rule()
    def leases_end(self) -> None:
        self.leases_are_over()
        dispatch.sweep()

    def leases_are_over(self) -> None:
        for batch_id in Batch.objects.filter(state=Batch.State.CLAIMED).values_list("pk", flat=True):
            let_lease_end(batch_id)

    @rule(is_long=st.booleans())
    def time_passes(self, is_long: bool) -> None:
        """A minute: what rests may go on. `is_long`: accounts out of order are looked at again, too."""
        Mailing.objects.filter(pk=self.mailing.pk).update(paused_until=None)
        Batch.objects.filter(mailing=self.mailing, state=Batch.State.PENDING).update(due_at=LONG_AGO)
        Outage.objects.filter(ended_at=None).update(struck_at=F("struck_at") - timedelta(minutes=1))
        for provider in self.order:
            provider.paces.update(rest_until=None, step=0)
        if is_long:
            Outage.objects.filter(ended_at=None).exclude(began_at=None).update(try_at=LONG_AGO)
        for provider_id in dispatch.sweep().probes:
            if failover.try_again(provider_id, now=datetime.now(UTC)):
                dispatch.sweep()

    @rule(what=st.sampled_from(["pause and resume", "resume", "vouch"]))
    def a_person_decides(self, what: str) -> None:
        if what == "vouch":
            self.may_use_third = True
            third = {"domain": self.domain, "provider": self.order[2]}
            Alignment.objects.get_or_create(**third, defaults={"confirmed_at": datetime.now(UTC)})
            return
        if what == "pause and resume":
            pause_mailing(self.mailing.pk)
            assert not any(dispatch.work_provider(provider.pk) for provider in self.order)
        resume_mailing(self.mailing.pk)

    @rule(which=st.integers(0, 2), by_trying=st.booleans())
    def a_person_uses_it_again(self, which: int, by_trying: bool) -> None:
        now = datetime.now(UTC)
        if by_trying:
            test_connection(self.order[which], at=now)
        else:
            failover.end_outages(self.order[which].pk, user=None, now=now)

    # ── what always holds ────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def it_balances(self) -> None:
        assert ledger.ledger_of(self.mailing.pk).is_balanced
        assert ledger.check_ledger(self.mailing) is None

    @invariant()
    def nobody_gets_it_twice(self) -> None:
        delivered = [*self.by_ghosts, *(number for host in self.hosts.values() for number in host.server.accepted)]
        assert len(delivered) == len(set(delivered))

    @invariant()
    def what_was_delivered_is_accepted_in_doubt_or_on_the_wire(self) -> None:
        known = {*self.outcomes(Outcome.State.ACCEPTED), *self.outcomes(Outcome.State.UNKNOWN)}
        for batch in Batch.objects.filter(mailing=self.mailing, state=Batch.State.CLAIMED):
            known.update(range(batch.done_to + 1, batch.open_to + 1))
        delivered = {*self.by_ghosts, *(number for host in self.hosts.values() for number in host.server.accepted)}
        assert delivered <= known

    @invariant()
    def doubts_never_move(self) -> None:
        batches = list(Batch.objects.filter(mailing=self.mailing))
        for number, provider in Outcome.objects.filter(mailing=self.mailing, state=Outcome.State.UNKNOWN).values_list(
            "pk", "provider"
        ):
            at = provider or next(b.provider_id for b in batches if b.first_id <= number <= b.last_id)
            assert self.through.setdefault(number, at) == at

    @invariant()
    def whom_an_account_meets(self) -> None:
        """Nobody in doubt; nobody another account was tried for, but after that was out of order; and nobody at all
        through one that nobody vouches for."""
        for index, (number, at) in enumerate(self.met[self.looked_at :], self.looked_at):
            assert number not in self.doubtful
            assert self.may_use_third or at != self.order[2].pk
            before = {other for one, other in self.met[:index] if one == number} - {at}
            for other in before:
                assert Outage.objects.filter(provider=other).exclude(began_at=None).exists()
        self.looked_at = len(self.met)
        self.doubtful = set(self.outcomes(Outcome.State.UNKNOWN))

    @invariant()
    def what_does_not_move_says_why(self) -> None:
        mailing = Mailing.objects.get(pk=self.mailing.pk)
        is_resting = mailing.paused_until is not None and mailing.paused_until > datetime.now(UTC)
        is_stopped_by_a_server = mailing.state == Mailing.State.PAUSED and mailing.pause_reason
        if is_resting or is_stopped_by_a_server:
            assert any(hold.title and hold.words for hold in holds_of(mailing, now=datetime.now(UTC)))
        detour = Detour.objects.filter(mailing=mailing, ended_at=None).first()
        if detour is not None and mailing.state == Mailing.State.SENDING:
            assert detour.words and any(str(detour.provider) in hold.title for hold in self.holds(mailing))

    # ── and in the end ───────────────────────────────────────────────────────────────────────────────────────────

    def everybody_recovers_and_it_comes_to_an_end(self) -> None:
        for host in self.hosts.values():
            host.set_mood(WELL)
            host.ends = []
        first = self.order[0]
        for _ in range(6):
            resume_mailing(self.mailing.pk)
            self.leases_are_over()
            self.time_passes(is_long=True)
            if not Outage.objects.filter(provider=first, ended_at=None).exists():
                assert not self.untouched_elsewhere(), "back when the first is well"
            for provider in self.order:
                dispatch.work_provider(provider.pk)
            dispatch.sweep()
            self.doubts_never_move()
            self.whom_an_account_meets()
            self.nobody_gets_it_twice()
            if Mailing.objects.filter(pk=self.mailing.pk, state=Mailing.State.FINISHED).exists():
                break
        numbers = ledger.ledger_of(self.mailing.pk)
        assert Mailing.objects.get(pk=self.mailing.pk).state == Mailing.State.FINISHED, numbers
        assert numbers.accepted + numbers.refused + numbers.unknown == sum(SIZES), "nobody is lost"
        accepted = {number for host in self.hosts.values() for number in host.server.accepted}
        assert set(self.outcomes(Outcome.State.ACCEPTED)) <= accepted

    def untouched_elsewhere(self) -> list[Batch]:
        pending = Batch.objects.filter(mailing=self.mailing, state=Batch.State.PENDING, claim_count=0)
        return list(pending.exclude(provider=self.order[0]).filter(round=F("moved_round")))

    def outcomes(self, state: int) -> list[int]:
        return list(Outcome.objects.filter(mailing=self.mailing, state=state).values_list("pk", flat=True))

    @staticmethod
    def holds(mailing: Mailing) -> Iterator[object]:
        return iter(holds_of(mailing, now=datetime.now(UTC)))


@pytest.mark.timeout(60 + 10 * EXAMPLES)
@pytest.mark.django_db
def test_any_order_of_failures_doubles_nobody_and_loses_nobody(settings: Settings) -> None:
    settings.WINDOW_SIZE = 2
    settings.RETRY_STEPS = (0,) * 200
    run_state_machine_as_test(Failing, settings=profile())


def profile() -> settings:
    return settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
