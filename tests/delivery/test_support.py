"""Any message is found by whatever names it, and its page tells its whole life; doubts are settled together."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry, Organisation
from common.tokens import Purpose, encode
from contacts.models import ContactList
from deliverability.models import SendingDomain
from delivery import ledger
from delivery.finding import find
from delivery.models import Attempt, Batch, Mailing, Message, MessageState, Outcome, Provider
from delivery.services import drive, plan_mailing
from feedback.events import NewEvent, record_events
from feedback.models import Event
from tests.delivery.conftest import MakePeople, order
from tests.smtp import Mailbox, SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def sent(mailing: Mailing, server: SmtpServer) -> Iterator[Mailing]:
    server.moods += ["yes", "no", "yes", "later"]
    drive(mailing.pk, report=lambda _: None, stop=lambda: len(server.accepted) > 20)
    yield mailing


def one(state: int) -> int:
    return MessageState.objects.filter(state=state).order_by("pk").values_list("pk", flat=True)[0]


def doubt(number: int, *, at: datetime) -> None:
    """As if the answer about an accepted message had been lost."""
    Outcome.objects.filter(pk=number).update(state=5, reason=61, claim=7, at=at)
    batch = Batch.objects.filter(first_id__lte=number).order_by("-first_id")[0]
    batch.accepted_count -= 1
    batch.unknown_count += 1
    batch.save()


def test_a_message_is_found_by_everything_that_names_it(sent: Mailing) -> None:
    number = one(2)
    address = Message.objects.get(pk=number).address
    token = encode(Purpose.MESSAGE, mailing=sent.pk, message=number)
    told = NewEvent(source=sent.provider_id, key="e1", kind=Event.Kind.DELIVERED, at=timezone.now(), mailing=sent.pk,
                    message=number, details={"id": "0102-abc@eu.provider.example"})  # fmt: skip
    record_events([told])

    for text in (
        str(number), f"{sent.pk}.{number}", f"<{token}@maison-verdier.example>", token, address.upper(), f" {address} ",
        "0102-abc@eu.provider.example",
    ):  # fmt: skip
        assert [line.pk for line in find(text)] == [number], text


def test_a_return_path_names_its_message_where_the_domain_has_an_address_for_bounces(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople, server: SmtpServer
) -> None:
    SendingDomain.objects.create(name="maison-verdier.example", bounce_address="retours@maison-verdier.example")
    said: list[tuple[str, str]] = []

    class Noting(Mailbox):
        def end_of_message(self) -> bytes:
            said.append((self.sender.decode(), self.recipient.decode()))
            return super().end_of_message()

    server.make_mailbox = Noting
    make_people(3)

    drive(plan_mailing(order(clients, provider)).pk, report=lambda _: None)

    assert len({sender for sender, _ in said}) == 3
    for sender, recipient in said:
        path = sender.partition("<")[2].partition(">")[0]
        (line,) = find(path)
        assert path.startswith("retours+")
        assert f"<{line.address}>" in recipient


@pytest.mark.parametrize("text", ["", "nobody@ecole.example", "999999999", "7.1", "<forged@x.example>", "%", "'"])
def test_what_names_no_message_finds_none(sent: Mailing, text: str) -> None:
    assert find(text) == []


def test_one_found_is_shown_several_are_listed(sent: Mailing, team_client: Client) -> None:
    number = one(2)
    address = Message.objects.get(pk=number).address

    assert team_client.get("/messages/", {"q": address})["Location"] == f"/messages/{number}/"
    assert "No message goes by" in team_client.get("/messages/", {"q": "nobody@ecole.example"}).content.decode()
    assert "did not come" in team_client.get("/messages/").content.decode()


def test_a_refusal_keeps_what_was_said_without_the_body(sent: Mailing, team_client: Client) -> None:
    number = one(3)
    said = Outcome.objects.get(pk=number).conversation or ""
    address = Message.objects.get(pk=number).address

    assert said.splitlines()[0].startswith("C: MAIL FROM:<")
    assert f"C: RCPT TO:<{address}>" in said
    assert "S: 550 5.1.1 no" in said
    assert "Bonjour" not in said
    page = team_client.get(f"/messages/{number}/").content.decode()
    assert "Said on the wire" in page
    assert "550 5.1.1 no" in page


def test_a_deferral_keeps_what_was_said(sent: Mailing) -> None:
    told = Attempt.objects.exclude(conversation=None).first()

    assert told is not None
    assert "S: 451 4.3.0 later" in (told.conversation or "")
    assert not Outcome.objects.filter(state=2).exclude(conversation=None).exists(), "accepted mail needs no words"


def test_the_page_tells_what_was_heard_since(sent: Mailing, team_client: Client) -> None:
    number = one(2)
    record_events([
        NewEvent(source=sent.provider_id, key="e2", kind=Event.Kind.BOUNCED, at=timezone.now(), mailing=sent.pk,
                 message=number, details={"reply": "552 <b>mailbox full</b>"}),
    ])  # fmt: skip

    page = team_client.get(f"/messages/{number}/").content.decode()

    assert "Heard since" in page
    assert "552 &lt;b&gt;mailbox full" in page


def test_all_doubts_count_as_sent_with_one_word(sent: Mailing, team_client: Client) -> None:
    before = ledger.ledger_of(sent.pk)
    for number in Outcome.objects.filter(state=2).values_list("pk", flat=True)[:3]:
        doubt(number, at=timezone.now())

    page = team_client.get(f"/mailings/{sent.pk}/doubts/").content.decode()
    assert "3 messages may have arrived or not" in page
    team_client.post(f"/mailings/{sent.pk}/doubts/settle/", {"sent": "1"})

    after = ledger.ledger_of(sent.pk)
    assert (after.accepted, after.unknown, after.is_balanced) == (before.accepted, 0, True)
    assert AuditEntry.objects.get(verb="mailing.count_as_sent").details["people"] == 3
    assert ledger.check_ledger(Mailing.objects.get(pk=sent.pk)) is None


def test_send_all_again_leaves_those_whose_worker_may_be_at_it(sent: Mailing, team_client: Client) -> None:
    old, young = Outcome.objects.filter(state=2).values_list("pk", flat=True)[:2]
    doubt(old, at=LONG_AGO)
    doubt(young, at=timezone.now() - timedelta(minutes=1))

    answer = team_client.post(f"/mailings/{sent.pk}/doubts/settle/", {"again": "1"}, follow=True).content.decode()

    assert "1 message will be sent again" in answer
    assert "ten minutes after" in answer
    assert MessageState.objects.get(pk=old).state == MessageState.State.PENDING
    assert MessageState.objects.get(pk=young).state == MessageState.State.UNKNOWN
    assert Attempt.objects.filter(message_id=old, claim=7).exists()
    assert ledger.ledger_of(sent.pk).is_balanced
    assert ledger.check_ledger(Mailing.objects.get(pk=sent.pk)) is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_doubts_costs_the_same_for_one_and_for_three(
    sent: Mailing, team_client: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in Outcome.objects.filter(state=2).values_list("pk", flat=True)[:count]:
        doubt(number, at=timezone.now())

    with django_assert_max_num_queries(12):
        team_client.get(f"/mailings/{sent.pk}/doubts/")
