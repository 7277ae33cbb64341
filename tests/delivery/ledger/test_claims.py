"""The send path's writes, each trap of docs/reliability.md under its number."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import ContactList, Subscription, Suppression
from delivery import ledger
from delivery.models import Attempt, Batch, Mailing, MessageState, Outcome, Provider
from delivery.reasons import Reason
from delivery.verdicts import Fact, Phase, Verdict
from tests.delivery.ledger.conftest import LEASE, NOW, claim, let_lease_end, make_mailing

pytestmark = pytest.mark.django_db


def accepted(*ids: int) -> list[Fact]:
    return [Fact(number, Verdict.ACCEPTED) for number in ids]


def test_a_claim_takes_one_due_batch(mailing: Mailing) -> None:
    taken = claim(mailing)

    batch = Batch.objects.get(pk=taken.batch_id)
    assert (batch.state, batch.claim) == (Batch.State.CLAIMED, taken.number)
    assert batch.lease_until is not None


def test_two_claims_take_two_batches_and_the_third_finds_no_connection_free(mailing: Mailing) -> None:
    make_mailing(mailing.provider)

    assert claim(mailing).batch_id != claim(mailing).batch_id
    assert ledger.claim_batch(provider_id=mailing.provider_id, lease=LEASE) is None


def test_a_short_mailing_does_not_wait_for_the_last_batch_of_a_long_one(provider: Provider) -> None:
    Provider.objects.update(connection_count=4)
    long = make_mailing(provider, sizes=(1,) * 4)
    short = make_mailing(provider, sizes=(1, 1))
    Batch.objects.filter(mailing=short).update(due_at=NOW)  # a day later than the other's

    assert [claim(long).mailing_id for _ in range(4)] == [long.pk, short.pk, long.pk, short.pk]


@pytest.mark.parametrize("state", [Mailing.State.PAUSED, Mailing.State.CANCELLED, Mailing.State.PLANNED])
def test_only_a_mailing_being_sent_is_claimed(mailing: Mailing, state: str) -> None:
    Mailing.objects.update(state=state)

    assert ledger.claim_batch(provider_id=mailing.provider_id, lease=LEASE) is None


def test_a_window_is_sending_until_its_write_back(mailing: Mailing) -> None:
    taken = claim(mailing)
    ids = [one.message.pk for one in ledger.read_window(taken, after=taken.first_id - 1, size=3)]

    opened = ledger.mark_window(taken, [], done_to=taken.first_id - 1, open_to=ids[-1])

    assert opened is not None and opened.leave_out == {}
    assert ledger.ledger_of(mailing.pk).numbers()["sending"] == 3
    assert set(MessageState.objects.filter(state=1).values_list("message_id", flat=True)) == set(ids)
    ledger.write_back(taken, accepted(*ids), done_to=ids[-1])
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.sending, numbers.pending) == (3, 0, 7)
    assert numbers.is_balanced


def test_release_with_nothing_left_is_done(mailing: Mailing) -> None:
    taken = claim(mailing)
    ledger.write_back(taken, accepted(*range(taken.first_id, taken.last_id + 1)), done_to=taken.last_id)

    ledger.release_batch(taken, backoff=timedelta(0))

    assert Batch.objects.get(pk=taken.batch_id).state == Batch.State.DONE


def test_trap_4_release_with_somebody_deferred_is_due_again_later(mailing: Mailing) -> None:
    taken = claim(mailing)
    facts = [*accepted(*range(taken.first_id, taken.last_id)), Fact(taken.last_id, Verdict.DEFERRED, reply="451 later")]
    ledger.write_back(taken, facts, done_to=taken.last_id)

    ledger.release_batch(taken, backoff=timedelta(minutes=5))

    batch = Batch.objects.get(pk=taken.batch_id)
    assert (batch.state, batch.round) == (Batch.State.PENDING, 1)
    assert batch.due_at > mailing.starts_at + timedelta(minutes=4)
    assert Attempt.objects.get().reply == "451 later"
    assert ledger.ledger_of(mailing.pk).is_balanced


def test_given_back_in_the_middle_those_nobody_tried_do_not_wait_for_the_deferred(provider: Provider) -> None:
    mailing = make_mailing(provider, sizes=(10,))
    taken = claim(mailing)
    facts = [
        *accepted(taken.first_id, taken.first_id + 1),
        Fact(taken.first_id + 2, Verdict.DEFERRED, reply="451 later"),
    ]
    ledger.write_back(taken, facts, done_to=taken.first_id + 2)

    ledger.release_batch(taken, backoff=timedelta(minutes=5))

    again = claim(mailing)
    assert (again.first_id, again.last_id) == (taken.first_id + 3, taken.last_id)
    assert ledger.claim_batch(provider_id=provider.pk, lease=LEASE) is None  # who was deferred has to wait
    left = Batch.objects.get(pk=taken.batch_id)
    assert (left.last_id, left.state, left.accepted_count) == (taken.first_id + 2, Batch.State.PENDING, 2)
    assert ledger.ledger_of(mailing.pk).is_balanced and ledger.check_ledger(mailing) is None


def test_nothing_is_cut_behind_which_somebody_has_an_outcome(provider: Provider) -> None:
    mailing = make_mailing(provider, sizes=(10,))
    taken = claim(mailing)
    deferred = Fact(taken.first_id, Verdict.DEFERRED, reply="451 later")
    ledger.write_back(taken, [deferred, *accepted(taken.last_id)], done_to=taken.first_id)

    ledger.release_batch(taken, backoff=timedelta(minutes=5))

    assert Batch.objects.get().last_id == taken.last_id
    assert ledger.check_ledger(mailing) is None


def test_the_next_round_reads_only_who_is_left(mailing: Mailing) -> None:
    taken = claim(mailing)
    ledger.write_back(taken, accepted(taken.first_id, taken.first_id + 2), done_to=taken.last_id)
    ledger.release_batch(taken, backoff=timedelta(0))
    Batch.objects.exclude(pk=taken.batch_id).update(state=Batch.State.DONE)

    again = claim(mailing)

    waiting = ledger.read_window(again, after=again.first_id - 1, size=10)
    assert [one.message.pk - again.first_id for one in waiting] == [1, 3, 4]


def test_trap_2_a_slow_worker_neither_marks_nor_writes_under_its_old_claim(mailing: Mailing) -> None:
    slow = claim(mailing)
    ledger.mark_window(slow, [], done_to=slow.first_id - 1, open_to=slow.first_id)
    let_lease_end(slow.batch_id)
    ledger.heal_expired()

    assert ledger.mark_window(slow, [], done_to=slow.first_id, open_to=slow.last_id) is None
    assert not ledger.write_back(slow, [Fact(slow.last_id, Verdict.REFUSED)], done_to=slow.last_id)
    assert not Outcome.objects.filter(pk=slow.last_id).exists()
    assert not ledger.release_batch(slow, backoff=timedelta(0))
    assert ledger.renew_lease(slow) is None


def test_a_lease_that_is_over_marks_nothing_even_before_the_sweep(mailing: Mailing) -> None:
    slow = claim(mailing)
    let_lease_end(slow.batch_id)

    assert ledger.mark_window(slow, [], done_to=slow.first_id - 1, open_to=slow.last_id) is None


@pytest.mark.parametrize("state", [Mailing.State.PAUSED, Mailing.State.CANCELLED])
def test_trap_6_pause_and_cancel_leave_an_open_window_to_its_holder(mailing: Mailing, state: str) -> None:
    taken = claim(mailing)
    ledger.mark_window(taken, [], done_to=taken.first_id - 1, open_to=taken.first_id + 1)
    Mailing.objects.update(state=state)

    facts = accepted(taken.first_id, taken.first_id + 1)
    assert ledger.mark_window(taken, facts, done_to=taken.first_id + 1, open_to=taken.last_id) is None
    assert ledger.write_back(taken, facts, done_to=taken.first_id + 1)
    ledger.release_batch(taken, backoff=timedelta(0))

    ledger.skip_rest(mailing.pk)
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.skipped) == (2, 8)
    assert numbers.reasons == {4: {Reason.CANCELLED: 8}}


def test_trap_10_who_left_after_the_window_was_read_is_left_out(mailing: Mailing) -> None:
    taken = claim(mailing)
    waiting = ledger.read_window(taken, after=taken.first_id - 1, size=5)
    gone = waiting[1].message
    Suppression.objects.create(address_key=f"m{gone.pk}@ecole.example", reason=Suppression.Reason.COMPLAINED)

    opened = ledger.mark_window(taken, [], done_to=taken.first_id - 1, open_to=taken.last_id)

    assert opened is not None and opened.leave_out == {gone.pk: Reason.COMPLAINED}


def test_who_left_the_list_after_the_snapshot_is_left_out(mailing: Mailing) -> None:
    members = ContactList.objects.create(name="Clients")
    taken = claim(mailing)
    waiting = ledger.read_window(taken, after=taken.first_id - 1, size=5)
    for one in waiting:
        state = Subscription.State.UNSUBSCRIBED if one is waiting[0] else Subscription.State.SUBSCRIBED
        Subscription.objects.create(contact_id=one.message.contact_id, contact_list=members, state=state)

    opened = ledger.mark_window(taken, [], done_to=taken.first_id - 1, open_to=taken.last_id, lists=[members.pk])

    assert opened is not None and opened.leave_out == {waiting[0].message.pk: Reason.NOT_SUBSCRIBED}


def test_a_write_back_whose_answer_was_lost_can_be_asked_for(mailing: Mailing) -> None:
    taken = claim(mailing)
    ledger.write_back(taken, accepted(taken.first_id), done_to=taken.first_id)

    assert ledger.are_stored(taken, accepted(taken.first_id))
    assert not ledger.are_stored(taken, accepted(taken.last_id))


def test_hot_statements_scan_no_table_whole(provider: Provider) -> None:
    """Every range stays an index probe, whatever the table's size (docs/reliability.md, measured)."""
    mailing = make_mailing(provider, sizes=(400,))
    with connection.cursor() as cursor:
        for table in ("message", "outcome", "attempt", "batch"):
            cursor.execute(f"analyze delivery_{table}")
        cursor.execute("set local enable_seqscan = off")
        taken = claim(mailing)
        with CaptureQueriesContext(connection) as queries:
            ledger.read_window(taken, after=taken.first_id - 1, size=100)
            ledger.mark_window(taken, [], done_to=taken.first_id - 1, open_to=taken.first_id + 99, lists=[1])
        explained = [query["sql"] for query in queries if query["sql"].startswith("select")]
        cursor.execute(
            "select name, cardinality(parameter_types) from pg_prepared_statements "
            "where not from_sql and cardinality(parameter_types) > 0"
        )
        explained += [f'execute "{name}"({", ".join(["null"] * count)})' for name, count in cursor.fetchall()]
        cursor.execute("set local plan_cache_mode = force_generic_plan")
        scans = []
        for statement in explained:
            cursor.execute("explain " + statement)
            scans += [line for (line,) in cursor.fetchall() if "Seq Scan" in line]

    assert (len(explained), scans) == (8, [])


def test_deferred_messages_keep_their_phase_and_code(mailing: Mailing) -> None:
    taken = claim(mailing)
    fact = Fact(taken.first_id, Verdict.DEFERRED, phase=Phase.ENVELOPE, code=451, reply="451 4.7.1 gr\x00ey")
    ledger.write_back(taken, [fact], done_to=taken.first_id)

    attempt = Attempt.objects.get()
    assert (attempt.phase, attempt.code, attempt.reply) == (Phase.ENVELOPE, 451, "451 4.7.1 grey")


def test_the_last_of_a_mailing_is_shared_among_the_connections(provider: Provider) -> None:
    mailing = make_mailing(provider, sizes=(40,))

    claims = []
    while taken := ledger.claim_batch(provider_id=provider.pk, lease=LEASE, least=4):
        claims.append(taken)
        ledger.write_back(taken, accepted(*range(taken.first_id, taken.last_id + 1)), done_to=taken.last_id)
        assert ledger.ledger_of(mailing.pk).is_balanced
        ledger.release_batch(taken, backoff=timedelta(0))

    # two connections: half of what is left each time, and no piece of less than four
    assert [taken.last_id - taken.first_id + 1 for taken in claims] == [20, 10, 5, 5]
    assert [taken.first_id for taken in claims[1:]] == [taken.last_id + 1 for taken in claims[:-1]]
    assert ledger.ledger_of(mailing.pk).accepted == 40


def test_a_batch_is_not_cut_while_enough_others_wait_nor_one_somebody_of_which_was_tried(provider: Provider) -> None:
    make_mailing(provider, sizes=(12, 12, 12, 12, 12))

    taken = ledger.claim_batch(provider_id=provider.pk, lease=LEASE, least=2)
    assert taken is not None and taken.last_id - taken.first_id == 11

    Batch.objects.exclude(pk=taken.batch_id).delete()
    ledger.write_back(taken, accepted(taken.first_id), done_to=taken.first_id)
    ledger.release_batch(taken, backoff=timedelta(0))
    again = ledger.claim_batch(provider_id=provider.pk, lease=LEASE, least=2)
    assert again is not None and again.last_id == taken.last_id
