"""A window slides: the next messages are marked while the last answers are on the way, and never more are open."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import dispatch, ledger
from delivery.copies import Copy
from delivery.ledger import Waiting
from delivery.models import Batch, Mailing, Message, Outcome
from delivery.services import drive, plan_mailing
from delivery.window import Window
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.smtp import Mailbox, Manners, SmtpServer, smtp_server

SIZE = 10


class Watching(Mailbox):
    """Looks into the database when a message is handed over, and how it came."""

    open_counts: list[int]
    envelopes_alone: int
    at_message: Callable[[int], None]

    def eat(self, octets: bytes) -> bytes:
        type(self).envelopes_alone += octets.startswith((b"MAIL", b"RSET"))
        return super().eat(octets)

    def end_of_message(self) -> bytes:
        number = int(self.recipient.split(b"<")[1].split(b"@")[0])
        message = Message.objects.get(address__startswith=f"{number}@")
        batch = Batch.objects.get(first_id__lte=message.pk, last_id__gte=message.pk)
        assert batch.done_to < message.pk <= batch.open_to, "not marked before its first octet"
        open_ids = range(batch.done_to + 1, batch.open_to + 1)
        self.open_counts.append(len(open_ids) - Outcome.objects.filter(message_id__in=open_ids).count())
        type(self).at_message(len(self.open_counts))
        connection.close()  # this server's thread has one of its own
        return super().end_of_message()


@pytest.fixture
def watched(settings: Settings) -> Iterator[SmtpServer]:
    settings.WINDOW_SIZE = SIZE
    Watching.open_counts, Watching.envelopes_alone, Watching.at_message = [], 0, lambda count: None
    with smtp_server(Manners(), make_mailbox=Watching) as running:
        yield running


@pytest.fixture
def mailing(organisation: Organisation, clients: ContactList, watched: SmtpServer, make_people: MakePeople) -> Mailing:
    """Forty people in two batches of twenty, one connection."""
    make_people(40)
    return plan_mailing(order(clients, provider_at(watched, connection_count=1)))


def go(mailing: Mailing) -> ledger.Ledger:
    drive(mailing.pk, report=lambda numbers: None)
    return ledger.ledger_of(mailing.pk)


@pytest.mark.django_db(transaction=True)
def test_a_connection_does_not_pause_between_windows(mailing: Mailing, watched: SmtpServer) -> None:
    numbers = go(mailing)

    assert (numbers.accepted, sorted(watched.accepted)) == (40, list(range(1, 41)))
    # each envelope but a batch's first came with the body before it, over four windows
    assert Watching.envelopes_alone == Batch.objects.count() == 2
    assert max(Watching.open_counts) == SIZE


@pytest.mark.django_db(transaction=True)
def test_what_is_on_its_way_when_the_database_is_lost_is_no_doubt(mailing: Mailing, watched: SmtpServer) -> None:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    ours = connection.connection.info.backend_pid

    def cut_at_the_sixth(count: int) -> None:  # of ten: the next mark comes when the seventh was answered
        if count == SIZE - 4:
            with connection.cursor() as cursor:
                cursor.execute("select pg_terminate_backend(%s)", [ours])

    Watching.at_message = cut_at_the_sixth
    dispatch.work_provider(mailing.provider_id)

    numbers = go(mailing)
    assert (numbers.accepted, numbers.unknown, len(watched.accepted)) == (40, 0, 40)
    assert numbers.is_balanced


@pytest.mark.django_db(transaction=True)
def test_a_mailing_paused_in_the_middle_stops_with_the_window_that_is_open(mailing: Mailing) -> None:
    def pause(count: int) -> None:
        if count == 5:
            Mailing.objects.update(state=Mailing.State.PAUSED)

    Watching.at_message = pause
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    dispatch.work_provider(mailing.provider_id)

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.pending, numbers.is_balanced) == (SIZE, 40 - SIZE, True)


def window_of(*ids: int, done_to: int) -> Window:
    window = Window(done_to)
    window.grow([(waiting(pk), b"x") for pk in ids], open_to=ids[-1] if ids else done_to)
    return window


def waiting(pk: int) -> Waiting:
    return Waiting(Copy(pk, 1, 1, None, "a@b.example", 0, {}), 0)


def test_a_window_moves_over_a_prefix_only() -> None:
    window = window_of(11, 12, 14, done_to=10)

    window.settle(1)
    assert (window.done_to, window.unanswered) == (10, 3)
    window.settle(0)
    assert (window.done_to, window.unanswered) == (13, 1)
    window.grow([(waiting(20), b"y")], open_to=21)  # 21 was left out
    window.settle(2)
    assert (window.done_to, window.unanswered, window.contents) == (19, 1, [None, None, None, b"y"])
    window.settle(3)
    assert (window.done_to, window.reached) == (21, 21)


def test_what_nobody_after_was_begun_of_can_go_at_once_else_it_waits_for_a_round() -> None:
    cut, holed = window_of(1, 2, 3, done_to=0), window_of(1, 2, 3, done_to=0)

    cut.settle(0)
    holed.settle(0)
    holed.settle(2)

    assert (cut.reached, holed.reached) == (1, 3)
