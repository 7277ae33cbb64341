"""Two workers, a sweep, an operator and evidence in any order: nobody twice, nobody lost, always balanced."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from delivery import ledger
from delivery.models import Batch, Counter, Mailing, Outcome, Provider
from delivery.verdicts import Evidence, Fact, Verdict
from tests.delivery.ledger.conftest import LEASE, let_lease_end, make_mailing

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# What a server does to a message, and what the worker sees of it.
ENDS = st.sampled_from(
    ["accepted", "refused", "later", "cut after accepting", "cut before", "dies after", "dies before"]
)


class Worker:
    def __init__(self, claim: ledger.Claim) -> None:
        self.claim, self.done_to = claim, claim.first_id - 1
        self.window: list[int] = []
        self.open_to = self.done_to


class Sending(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        provider = Provider.objects.create(name=f"Relay {Provider.objects.count()}", kind="smtp", connection_count=2)
        self.mailing = make_mailing(provider, sizes=(4,))
        self.workers: list[Worker] = []
        self.delivered: dict[int, int] = {}
        self.operator_sent_again: set[int] = set()

    def teardown(self) -> None:
        """Nothing of this example may be found by the next one's sweep."""
        Batch.objects.update(state=Batch.State.DONE, claim=None, lease_until=None, done_to=F("open_to"))
        Counter.objects.filter(name="mass_expiry").update(next=0)

    @rule()
    def claim(self) -> None:
        taken = ledger.claim_batch(provider_id=self.mailing.provider_id, lease=LEASE)
        if taken:
            self.workers.append(Worker(taken))

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), size=st.integers(1, 2))
    def send_window(self, data: st.DataObject, size: int) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        waiting = ledger.read_window(worker.claim, after=worker.done_to, size=size)
        if not waiting:
            return self.release(worker)
        opened = ledger.mark_window(worker.claim, [], done_to=worker.done_to, open_to=waiting[-1].message.pk)
        if opened is None:
            self.workers.remove(worker)
            return None
        facts = []
        for one in waiting:
            if one.message.pk in opened.leave_out:
                continue
            end = data.draw(ENDS)
            if end in ("accepted", "cut after accepting", "dies after"):
                self.delivered[one.message.pk] = self.delivered.get(one.message.pk, 0) + 1
            if end.startswith("dies"):
                self.workers.remove(worker)  # killed, or asleep for longer than its lease
                return None
            verdicts = {
                "accepted": Verdict.ACCEPTED, "refused": Verdict.REFUSED, "later": Verdict.DEFERRED,
                "cut before": Verdict.NOT_BEGUN, "cut after accepting": Verdict.UNKNOWN,
            }  # fmt: skip
            facts.append(Fact(one.message.pk, verdicts[end]))
        worker.done_to = waiting[-1].message.pk
        ledger.write_back(worker.claim, facts, done_to=worker.done_to)
        return None

    def release(self, worker: Worker) -> None:
        ledger.write_back(worker.claim, [], done_to=worker.claim.last_id)
        ledger.release_batch(worker.claim, backoff=timedelta(0))
        self.workers.remove(worker)

    @rule()
    def leases_end_and_the_sweep_heals(self) -> None:
        for batch_id in Batch.objects.filter(state=Batch.State.CLAIMED).values_list("pk", flat=True):
            let_lease_end(batch_id)
        ledger.heal_expired()
        ledger.free_held(self.mailing.pk)

    @rule()
    def pause_and_resume(self) -> None:
        Mailing.objects.filter(pk=self.mailing.pk).update(state=Mailing.State.PAUSED)
        assert ledger.claim_batch(provider_id=self.mailing.provider_id, lease=LEASE) is None
        Mailing.objects.filter(pk=self.mailing.pk).update(state=Mailing.State.SENDING)

    @rule(data=st.data())
    def evidence(self, data: st.DataObject) -> None:
        if self.delivered:
            number = data.draw(st.sampled_from(sorted(self.delivered)))
            ledger.settle(number, fact=Verdict.ACCEPTED, evidence=Evidence.WEBHOOK, at=NOW)

    @rule(data=st.data())
    def the_operator_sends_a_doubt_again_that_did_not_arrive(self, data: st.DataObject) -> None:
        doubts = Outcome.objects.filter(mailing=self.mailing, state=Outcome.State.UNKNOWN)
        lost = [pk for pk in doubts.values_list("pk", flat=True) if pk not in self.delivered]
        if lost:
            number = data.draw(st.sampled_from(lost))
            Outcome.objects.filter(pk=number).update(at=datetime(2026, 1, 1, tzinfo=UTC))
            try:
                ledger.send_again(number, user=None)
            except ledger.NotNow:
                return

    @invariant()
    def balanced(self) -> None:
        assert ledger.ledger_of(self.mailing.pk).is_balanced
        assert ledger.check_ledger(self.mailing) is None

    @invariant()
    def nobody_twice(self) -> None:
        assert all(count == 1 for count in self.delivered.values())

    @invariant()
    def what_was_accepted_is_never_pending_again(self) -> None:
        open_windows = set()
        for batch in Batch.objects.filter(mailing=self.mailing, state=Batch.State.CLAIMED):
            open_windows.update(range(batch.done_to + 1, batch.open_to + 1))
        known = set(Outcome.objects.filter(mailing=self.mailing).values_list("pk", flat=True))
        assert set(self.delivered) <= known | open_windows


@pytest.mark.django_db
def test_any_order_of_events_keeps_the_ledger_true() -> None:
    run_state_machine_as_test(
        Sending,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
