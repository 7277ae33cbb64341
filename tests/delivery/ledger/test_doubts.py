"""How a doubt arises, and how it ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry
from delivery import ledger
from delivery.dispatch import finish
from delivery.ledger.late import settle_late
from delivery.models import Attempt, Batch, Mailing, Message, Outcome
from delivery.reasons import Reason
from delivery.verdicts import Evidence, Fact, Verdict
from tests.delivery.ledger.conftest import claim, let_lease_end, make_mailing

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def lost_window(mailing: Mailing, size: int = 2) -> ledger.Claim:
    """A worker that died with a window of `size` open; the sweep has been."""
    dead = claim(mailing)
    ledger.mark_window(dead, [], done_to=dead.first_id - 1, open_to=dead.first_id + size - 1)
    let_lease_end(dead.batch_id)
    ledger.heal_expired()
    return dead


def test_trap_1_the_sweep_turns_the_open_window_into_doubts_and_gives_the_batch_back(mailing: Mailing) -> None:
    dead = lost_window(mailing)

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.unknown, numbers.pending, numbers.sending) == (2, 8, 0)
    assert numbers.reasons == {5: {Reason.LEASE_OVER: 2}}
    assert Batch.objects.get(pk=dead.batch_id).state == Batch.State.PENDING
    assert numbers.is_balanced


def test_the_next_claim_never_reads_a_doubt(mailing: Mailing) -> None:
    dead = lost_window(mailing)
    Batch.objects.exclude(pk=dead.batch_id).update(state=Batch.State.DONE)

    again = claim(mailing)

    assert [one.message.pk for one in ledger.read_window(again, after=again.first_id - 1, size=9)] == [
        dead.first_id + 2, dead.first_id + 3, dead.first_id + 4,
    ]  # fmt: skip


def test_trap_11_four_claims_without_progress_are_held(mailing: Mailing) -> None:
    Batch.objects.filter(mailing=mailing).order_by("-pk")[:1].get().delete()
    for _ in range(4):
        dead = claim(mailing)
        let_lease_end(dead.batch_id)
        healed = ledger.heal_expired()

    assert healed.held_mailings == (mailing.pk,)
    assert Batch.objects.get(pk=dead.batch_id).state == Batch.State.HELD
    assert ledger.free_held(mailing.pk) == 1
    assert claim(mailing).batch_id == dead.batch_id


def test_late_write_back_settles_its_own_doubts(mailing: Mailing) -> None:
    slow = lost_window(mailing)

    facts = [Fact(slow.first_id, Verdict.ACCEPTED), Fact(slow.first_id + 1, Verdict.REFUSED, Reason.REFUSED_FULL)]
    assert not ledger.write_back(slow, facts, done_to=slow.first_id + 1)

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.refused, numbers.unknown) == (1, 1, 0)
    assert numbers.is_balanced
    assert Outcome.objects.get(pk=slow.first_id).settled_by == Evidence.LATE_WORKER


def test_a_late_not_begun_goes_back_to_pending_and_opens_a_done_batch(mailing: Mailing) -> None:
    slow = lost_window(mailing)
    Batch.objects.filter(pk=slow.batch_id).update(state=Batch.State.DONE)

    ledger.write_back(slow, [Fact(slow.first_id, Verdict.NOT_BEGUN)], done_to=slow.first_id)

    assert not Outcome.objects.filter(pk=slow.first_id).exists()
    assert Batch.objects.get(pk=slow.batch_id).state == Batch.State.PENDING


@pytest.mark.parametrize("state", ["finished", "cancelled"])
def test_a_mailing_that_was_through_is_not_when_somebody_is_pending_again(mailing: Mailing, state: str) -> None:
    slow = lost_window(mailing)
    Batch.objects.update(state=Batch.State.DONE)
    Mailing.objects.update(state=state, finished_at=timezone.now())

    ledger.write_back(slow, [Fact(slow.first_id, Verdict.NOT_BEGUN)], done_to=slow.first_id)

    mailing.refresh_from_db()
    assert mailing.finished_at is None  # a cancelled one is looked at again, and skips them
    assert mailing.state == ("sending" if state == "finished" else state)


@pytest.mark.django_db(transaction=True)
def test_finished_is_not_said_over_a_batch_that_is_being_opened(mailing: Mailing) -> None:
    slow = lost_window(mailing)
    Batch.objects.filter(pk=slow.batch_id).update(state=Batch.State.DONE)
    Batch.objects.exclude(pk=slow.batch_id).delete()
    Message.objects.exclude(pk__in=[slow.first_id, slow.first_id + 1]).delete()
    Mailing.objects.update(planned_count=2, snapshot_done_at=timezone.now())

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            facts = [Fact(slow.first_id, Verdict.NOT_BEGUN)]
            with connection.cursor() as cursor:
                settle_late(cursor, batch_id=slow.batch_id, claim=slow.number, round_=0, facts=facts)
            said = other.submit(_in_a_thread, lambda: finish(mailing.pk))
            with pytest.raises(TimeoutError):  # it waits for what is about to be committed
                said.result(timeout=0.5)
        assert said.result(timeout=10) is False

    assert ledger.ledger_of(mailing.pk).pending == 1


def _in_a_thread(work: Callable[[], bool]) -> bool:
    try:
        return work()
    finally:
        connection.close()


def test_trap_8_a_late_not_begun_does_not_touch_the_doubt_of_another_claim(mailing: Mailing) -> None:
    first = lost_window(mailing, size=1)
    Outcome.objects.filter(pk=first.first_id).update(at=LONG_AGO)
    ledger.send_again(first.first_id, user=None)
    Batch.objects.exclude(pk=first.batch_id).update(state=Batch.State.DONE)
    second = lost_window(mailing, size=1)
    assert second.batch_id == first.batch_id

    ledger.write_back(first, [Fact(first.first_id, Verdict.NOT_BEGUN)], done_to=first.first_id)

    assert Outcome.objects.get(pk=first.first_id).claim == second.number


def test_evidence_settles_a_doubt_once(mailing: Mailing) -> None:
    dead = lost_window(mailing)

    settled = [
        ledger.settle(dead.first_id, fact=Verdict.ACCEPTED, evidence=Evidence.WEBHOOK, at=timezone.now())
        for _ in range(3)
    ]

    assert settled == [True, False, False]
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.unknown) == (1, 1)
    assert numbers.is_balanced


def test_evidence_inside_an_open_window_waits(mailing: Mailing) -> None:
    taken = claim(mailing)
    ledger.mark_window(taken, [], done_to=taken.first_id - 1, open_to=taken.first_id)

    assert not ledger.settle(taken.first_id, fact=Verdict.ACCEPTED, evidence=Evidence.WEBHOOK, at=timezone.now())
    assert not Outcome.objects.exists()


def test_evidence_about_a_message_nobody_remembers_sending_is_believed(mailing: Mailing) -> None:
    number = mailing.first_message_id or 0

    assert ledger.settle(number, fact=Verdict.ACCEPTED, evidence=Evidence.WEBHOOK, at=timezone.now())

    assert ledger.ledger_of(mailing.pk).accepted == 1
    assert ledger.ledger_of(mailing.pk).is_balanced


def test_an_open_is_believed_only_when_no_relay_can_have_made_it(mailing: Mailing) -> None:
    dead = lost_window(mailing)
    soon, late = timezone.now() + timedelta(minutes=1), timezone.now() + timedelta(minutes=20)

    assert not ledger.settle(dead.first_id, fact=Verdict.ACCEPTED, evidence=Evidence.HIT, at=soon)
    assert ledger.settle(dead.first_id, fact=Verdict.ACCEPTED, evidence=Evidence.HIT, at=late)


def test_evidence_about_an_unknown_message_changes_nothing(mailing: Mailing) -> None:
    assert not ledger.settle(10**15, fact=Verdict.ACCEPTED, evidence=Evidence.WEBHOOK, at=timezone.now())


def test_trap_5_send_again_opens_a_done_batch_and_keeps_the_attempt(mailing: Mailing) -> None:
    dead = lost_window(mailing, size=1)
    Outcome.objects.filter(pk=dead.first_id).update(at=LONG_AGO)
    Batch.objects.update(state=Batch.State.DONE)
    Mailing.objects.update(state=Mailing.State.FINISHED)

    ledger.send_again(dead.first_id, user=None)

    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SENDING
    assert Batch.objects.get(pk=dead.batch_id).state == Batch.State.PENDING
    assert Attempt.objects.get().message_id == dead.first_id
    assert AuditEntry.objects.get().verb == "message.send_again"


def test_trap_7_send_again_waits_for_the_grace(mailing: Mailing) -> None:
    dead = lost_window(mailing)

    with pytest.raises(ledger.NotNow):
        ledger.send_again(dead.first_id, user=None)


def test_count_as_sent_is_an_operators_word(mailing: Mailing) -> None:
    dead = lost_window(mailing)

    assert ledger.count_as_sent(dead.first_id, user=None, at=timezone.now())
    assert Outcome.objects.get(pk=dead.first_id).settled_by == Evidence.OPERATOR


def test_trap_13_when_most_leases_end_at_once_the_sweep_waits(mailing: Mailing) -> None:
    mailing.provider.connection_count = 40
    mailing.provider.save()
    crowd = make_mailing(mailing.provider, sizes=(1,) * 20)
    for _ in range(20):
        taken = claim(crowd)
        let_lease_end(taken.batch_id)

    assert ledger.heal_expired().batches == 0
    for _ in range(30):
        healed = ledger.heal_expired()
    assert healed.batches > 0


def test_check_ledger_finds_a_counter_that_lies(mailing: Mailing) -> None:
    taken = claim(mailing)
    ledger.write_back(taken, [Fact(taken.first_id, Verdict.ACCEPTED)], done_to=taken.first_id)
    assert ledger.check_ledger(mailing) is None

    Outcome.objects.all().delete()

    imbalance = ledger.check_ledger(mailing)
    assert imbalance is not None
    assert (imbalance.recorded.accepted, imbalance.counted.accepted) == (1, 0)


def test_people_behind_each_number(mailing: Mailing) -> None:
    dead = lost_window(mailing)
    Batch.objects.exclude(pk=dead.batch_id).update(state=Batch.State.DONE)
    taken = claim(mailing)
    ledger.mark_window(taken, [], done_to=taken.first_id + 1, open_to=taken.first_id + 2)

    def ids(state: int) -> list[int]:
        return [row.message_id - dead.first_id for row in ledger.people(mailing.pk, state=state).order_by("message_id")]

    assert ids(Outcome.State.UNKNOWN) == [0, 1]
    assert ids(1) == [2]
    assert ids(0) == [3, 4]
    assert ids(Outcome.State.ACCEPTED) == []
