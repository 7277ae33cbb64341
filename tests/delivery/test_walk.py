"""From a planned mailing to its ledger, against real SMTP servers on loopback with their moods."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from contacts.models import Contact, ContactList, Subscription, Suppression
from contacts.services import unsubscribe
from delivery import dispatch, ledger
from delivery.lanes.opening import lane_for
from delivery.models import Attempt, Batch, Link, Mailing, Outcome, Provider
from delivery.multiplex import run_together
from delivery.orders import Orders
from delivery.reasons import Reason
from delivery.sending import BatchSender
from delivery.services import cancel_mailing, drive, plan_mailing, resume_mailing
from delivery.skeleton import skeleton_for
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.smtp import Manners, SmtpServer, smtp_server

pytestmark = pytest.mark.django_db(transaction=True)


def drive_quietly(mailing: Mailing) -> Mailing:
    return drive(mailing.pk, report=lambda numbers: None)


def freeze(mailing: Mailing) -> Mailing:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    mailing.refresh_from_db()
    return mailing


def send_one_batch(mailing: Mailing) -> None:
    claim = ledger.claim_batch(provider_id=mailing.provider_id, lease=timedelta(minutes=15))
    assert claim is not None
    lane = lane_for(mailing.provider)
    sender = BatchSender(claim, lane, orders=Orders(mailing.provider))
    run_together([sender.steps()])
    dispatch._after(claim, sender.run)
    lane.close()


def test_everybody_gets_it_once(mailing: Mailing, server: SmtpServer) -> None:
    done = drive_quietly(mailing)

    assert done.state == Mailing.State.FINISHED
    assert sorted(server.accepted) == list(range(1, 31))
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.planned, numbers.accepted, numbers.is_balanced) == (30, 30, True)
    assert ledger.check_ledger(done) is None


def test_a_dead_address_is_refused_and_suppressed_everywhere(mailing: Mailing, server: SmtpServer) -> None:
    server.moods += ["yes", "no"]  # MAIL, then RCPT

    drive_quietly(mailing)

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.refused) == (29, 1)
    assert numbers.reasons == {3: {Reason.REFUSED_ADDRESS: 1}}
    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.scope) == (Suppression.Reason.HARD_BOUNCE, Suppression.Scope.ALL)
    assert Outcome.objects.get(state=Outcome.State.REFUSED).reply == "550 5.1.1 no"


def test_policy_refusals_suppress_nobody(mailing: Mailing, server: SmtpServer) -> None:
    server.moods += ["yes", "yes", "no"]  # the end of the body answers 554 5.7.1

    drive_quietly(mailing)

    assert ledger.ledger_of(mailing.pk).reasons == {3: {Reason.REFUSED_POLICY: 1}}
    assert not Suppression.objects.exists()


def test_deferred_goes_out_in_a_later_round(mailing: Mailing, server: SmtpServer, settings: Settings) -> None:
    settings.RETRY_STEPS = [0.1]
    server.moods += ["yes", "later", "yes", "yes", "later"]

    drive_quietly(mailing)

    assert sorted(server.accepted) == list(range(1, 31))
    assert ledger.ledger_of(mailing.pk).accepted == 30
    assert Attempt.objects.count() == 2


def test_deferred_for_ever_is_refused_in_the_end(mailing: Mailing, server: SmtpServer, settings: Settings) -> None:
    settings.RETRY_STEPS = []
    server.moods += ["yes", "later"]

    drive_quietly(mailing)

    assert ledger.ledger_of(mailing.pk).reasons == {3: {Reason.DEFERRED_TOO_LONG: 1}}
    assert not Suppression.objects.exists()


def test_a_cut_before_the_body_costs_no_doubt(mailing: Mailing, server: SmtpServer) -> None:
    server.moods += ["yes"] * 6 + ["yes", "421"]

    drive_quietly(mailing)

    assert ledger.ledger_of(mailing.pk).accepted == 30
    assert sorted(server.accepted) == list(range(1, 31))


def test_a_cut_before_the_final_reply_is_doubt_and_never_sent_again(
    organisation: Organisation, clients: ContactList, make_people: MakePeople
) -> None:
    make_people(3)
    # answers of one whole transfer: 22 + 22 + 8 octets before the final one
    with smtp_server(Manners(cuts_after=52)) as server:
        mailing = plan_mailing(order(clients, provider_at(server)))
        drive_quietly(mailing)

        numbers = ledger.ledger_of(mailing.pk)
        assert (numbers.unknown, numbers.accepted, numbers.is_balanced) == (3, 0, True)
        assert sorted(server.accepted) == [1, 2, 3]
        assert numbers.reasons == {5: {Reason.REPLY_LOST: 3}}


def test_a_refused_login_pauses_with_the_servers_words_and_refuses_nobody(
    organisation: Organisation, clients: ContactList, make_people: MakePeople
) -> None:
    make_people(3)
    with smtp_server(Manners(offers=("AUTH PLAIN LOGIN",), password="right")) as server:
        provider = provider_at(server, credentials={"password": "wrong"})
        provider.options["username"] = "envol"
        provider.save()
        done = drive_quietly(plan_mailing(order(clients, provider)))

        assert (done.state, done.pause_reason) == (Mailing.State.PAUSED, "535 5.7.8 wrong password")
        assert ledger.ledger_of(done.pk).numbers() | {"pending": 3, "planned": 3} == ledger.ledger_of(done.pk).numbers()

        provider.credentials = {"password": "right"}
        provider.save()
        assert resume_mailing(done.pk)
        assert drive_quietly(done).state == Mailing.State.FINISHED
        assert server.accepted == [1, 2, 3]


def test_a_refused_sender_pauses_and_refuses_nobody(mailing: Mailing, server: SmtpServer) -> None:
    server.moods += ["no"]

    done = drive_quietly(mailing)

    assert (done.state, done.pause_reason) == (Mailing.State.PAUSED, "550 5.1.1 no")
    assert ledger.ledger_of(mailing.pk).pending == 30


def test_an_unreachable_provider_rests_and_says_so(mailing: Mailing) -> None:
    Provider.objects.update(options={"host": "127.0.0.1", "port": 1, "tls": "none"})
    freeze(mailing)

    assert dispatch.work_provider(mailing.provider_id) == 1

    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SENDING
    assert "refused" in mailing.pause_reason
    assert mailing.paused_until is not None
    assert dispatch.free_slots() == []
    assert ledger.ledger_of(mailing.pk).pending == 30


def test_suppressed_and_sample_people_are_skipped_with_the_reason(
    mailing: Mailing, server: SmtpServer, make_people: MakePeople
) -> None:
    make_people(2, first=900, is_sample=True)
    Suppression.objects.create(address_key="1@ecole.example", reason=20, scope=Suppression.Scope.MARKETING)
    Suppression.objects.create(address_key="2@ecole.example", reason=23, scope=Suppression.Scope.ALL)

    drive_quietly(mailing)

    numbers = ledger.ledger_of(mailing.pk)
    assert numbers.reasons == {4: {Reason.NOT_ALLOWED_HERE: 2, Reason.UNSUBSCRIBED: 1, Reason.COMPLAINED: 1}}
    assert (numbers.planned, numbers.accepted) == (32, 28)
    assert sorted(server.accepted) == list(range(3, 31))


def test_somebody_on_two_lists_gets_one_copy(
    mailing: Mailing, server: SmtpServer, clients: ContactList, provider: Provider
) -> None:
    friends = ContactList.objects.create(name="Amis")
    for contact in Contact.objects.all()[:5]:
        Subscription.objects.create(contact=contact, contact_list=friends)
    mailing.audience = {"lists": [clients.pk, friends.pk]}
    mailing.save()

    drive_quietly(mailing)

    assert sorted(server.accepted) == list(range(1, 31))


def test_two_mailings_of_one_occasion_write_to_nobody_twice(
    mailing: Mailing, server: SmtpServer, clients: ContactList, provider: Provider
) -> None:
    other = plan_mailing(order(clients, provider, occasion=mailing.occasion, name="Variante B"))

    drive_quietly(mailing)
    drive_quietly(other)

    assert sorted(server.accepted) == list(range(1, 31))
    assert ledger.ledger_of(other.pk).planned == 0


def test_unsubscribing_during_a_send_stops_that_copy(mailing: Mailing, server: SmtpServer) -> None:
    freeze(mailing)
    unsubscribe(contact=Contact.objects.get(address="30@ecole.example"), at=timezone.now())

    drive_quietly(mailing)

    assert 30 not in server.accepted
    assert ledger.ledger_of(mailing.pk).reasons == {4: {Reason.UNSUBSCRIBED: 1}}


def test_cancel_skips_what_is_left(mailing: Mailing, server: SmtpServer) -> None:
    freeze(mailing)
    send_one_batch(mailing)
    sent = len(server.accepted)

    assert cancel_mailing(mailing.pk)
    done = drive_quietly(mailing)

    numbers = ledger.ledger_of(mailing.pk)
    assert done.state == Mailing.State.CANCELLED
    assert 0 < sent < 30
    assert (numbers.accepted, numbers.skipped) == (sent, 30 - sent)
    assert numbers.is_balanced


def test_pause_and_resume_a_hundred_times(mailing: Mailing, server: SmtpServer, make_people: MakePeople) -> None:
    make_people(300, first=31)
    freeze(mailing)
    over = threading.Event()

    def press_buttons() -> None:
        for number in range(100):
            state = (Mailing.State.PAUSED, Mailing.State.SENDING)[number % 2]
            Mailing.objects.filter(pk=mailing.pk).exclude(state=Mailing.State.FINISHED).update(state=state)
        over.set()
        connection.close()

    thread = threading.Thread(target=press_buttons)
    thread.start()
    while not over.is_set():
        dispatch.work_provider(mailing.provider_id)
    thread.join()
    Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.PAUSED).update(state=Mailing.State.SENDING)
    drive_quietly(mailing)

    assert sorted(server.accepted) == list(range(1, 331))
    assert ledger.ledger_of(mailing.pk).accepted == 330


def test_a_backend_terminated_in_the_middle_loses_and_doubles_nobody(
    mailing: Mailing, server: SmtpServer, make_people: MakePeople
) -> None:
    make_people(600, first=31)
    freeze(mailing)
    over = threading.Event()
    connection.ensure_connection()
    ours = connection.connection.info.backend_pid

    def kill_backends() -> None:
        while not over.wait(0.05):
            with connection.cursor() as cursor:
                cursor.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid not in (pg_backend_pid(), %s)",
                    [ours],
                )
        connection.close()

    def work() -> None:
        with contextlib.suppress(OperationalError):  # a worker's task may fail; the next one goes on
            dispatch.work_provider(mailing.provider_id)
        connection.close()

    killer = threading.Thread(target=kill_backends)
    killer.start()
    for _ in range(15):
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    over.set()
    killer.join()
    Batch.objects.filter(state=Batch.State.CLAIMED).update(lease_until=timezone.now() - timedelta(hours=1))
    drive_quietly(mailing)

    assert len(server.accepted) == len(set(server.accepted))
    numbers = ledger.ledger_of(mailing.pk)
    assert numbers.is_balanced
    assert numbers.accepted + numbers.unknown == 630
    assert set(server.accepted) >= {
        int(address.split("@")[0])
        for address in Outcome.objects.filter(state=2).values_list("message__address", flat=True)
    }


def test_the_snapshot_cuts_batches_by_mailbox_provider_and_size(mailing: Mailing, make_people: MakePeople) -> None:
    make_people(40, first=100, domain="gmail.com")
    make_people(10, first=200, domain="orange.fr")
    freeze(mailing)

    batches = list(Batch.objects.order_by("first_id").values_list("mx_group", "first_id", "last_id"))
    assert [group for group, _, _ in batches] == [0, 0, 1, 1, 4]
    assert [last - first + 1 for _, first, last in batches] == [20, 10, 20, 20, 10]
    assert (mailing.planned_count, mailing.snapshot_done_at is not None) == (80, True)


def test_a_snapshot_that_was_cut_goes_on(
    mailing: Mailing, make_people: MakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.snapshot.FIRST_BLOCK", 10)
    monkeypatch.setattr("delivery.snapshot.BLOCK", 7)
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None, stop=iter([False, False, True]).__next__)

    mailing.refresh_from_db()
    assert (mailing.planned_count, mailing.snapshot_done_at) == (17, None)
    freeze(mailing)
    assert mailing.planned_count == 30
    assert ledger.ledger_of(mailing.pk).pending == 30


def test_held_batches_pause_the_mailing(mailing: Mailing) -> None:
    freeze(mailing)
    Batch.objects.filter(mailing=mailing).update(claim_count=3)
    claim = ledger.claim_batch(provider_id=mailing.provider_id, lease=timedelta(minutes=15))
    assert claim is not None
    Batch.objects.filter(pk=claim.batch_id).update(lease_until=timezone.now() - timedelta(hours=1))

    dispatch.sweep()

    mailing.refresh_from_db()
    assert (mailing.state, mailing.pause_reason) == (Mailing.State.PAUSED, "held")


def test_sigterm_finishes_the_window_and_leaves_none_unknown(mailing: Mailing, server: SmtpServer) -> None:
    freeze(mailing)
    asked: list[bool] = []

    def stopping() -> bool:
        asked.append(bool(server.accepted))  # the signal comes while the first window is on the wire
        return asked[-1]

    dispatch.work_provider(mailing.provider_id, stop=stopping)

    numbers = ledger.ledger_of(mailing.pk)
    assert 0 < numbers.accepted < 30
    assert (numbers.sending, numbers.unknown, numbers.is_balanced) == (0, 0, True)
    assert dispatch.free_slots() != []


def test_connections_of_a_provider_are_a_limit_over_all_workers(mailing: Mailing) -> None:
    freeze(mailing)
    Provider.objects.filter(pk=mailing.provider_id).update(connection_count=1)
    start, taken = threading.Barrier(4), []

    def claim() -> None:
        start.wait()
        taken.append(ledger.claim_batch(provider_id=mailing.provider_id, lease=timedelta(minutes=15)))
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(found is not None for found in taken) == 1


def test_a_content_that_cannot_be_compiled_any_more_pauses_and_skips_nobody(mailing: Mailing) -> None:
    freeze(mailing)
    Link.objects.all().delete()  # what a restore of half a backup would leave
    skeleton_for.cache_clear()

    dispatch.work_provider(mailing.provider_id)

    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.PAUSED
    assert "links" in mailing.pause_reason
    assert ledger.ledger_of(mailing.pk).pending == 30
