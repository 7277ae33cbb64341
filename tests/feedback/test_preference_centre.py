"""What people settle for themselves: a break, a language, an address, measuring, their data, and why they left."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from common.tokens import Purpose
from contacts.models import (
    Confirmation,
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    LeavingReason,
    Subscription,
)
from tests.feedback.sent import Sent
from tests.feedback.test_unsubscribe import nothing_changes

pytestmark = pytest.mark.django_db


def preferences(sent: Sent) -> str:
    return f"/p/{sent.token(Purpose.PREFERENCES)}"


def door(sent: Sent) -> str:
    return f"/u/{sent.token(Purpose.UNSUBSCRIBE)}"


def asked(sent: Sent) -> str:
    return f"/t/{sent.token(Purpose.TRACKING)}"


def them(sent: Sent) -> Contact:
    return Contact.objects.get(pk=sent.contacts[0].pk)


@pytest.mark.parametrize("days", [30, 60, 90])
def test_a_break_keeps_the_lists_and_can_be_ended(client: Client, sent: Sent, days: int) -> None:
    client.post(preferences(sent), {"lists": [sent.newsletter.pk], "pause": str(days)})

    until = them(sent).paused_until
    assert until is not None and abs(until - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)
    assert Subscription.objects.get(contact=sent.contacts[0]).state == Subscription.State.SUBSCRIBED
    client.post(preferences(sent), {"lists": [sent.newsletter.pk]})
    assert them(sent).paused_until == until
    client.post(preferences(sent), {"lists": [sent.newsletter.pk], "pause": "0"})
    assert them(sent).paused_until is None


def test_another_length_of_break_is_refused(client: Client, sent: Sent) -> None:
    answer = client.post(preferences(sent), {"lists": [sent.newsletter.pk], "pause": "3650"})

    assert answer.status_code == 400
    assert them(sent).paused_until is None


def test_a_break_instead_of_leaving(client: Client, sent: Sent) -> None:
    client.post(door(sent), {"scope": "pause"})

    assert them(sent).paused_until is not None
    assert Subscription.objects.get(contact=sent.contacts[0]).state == Subscription.State.SUBSCRIBED


def test_language_is_theirs(client: Client, sent: Sent) -> None:
    client.post(preferences(sent), {"lists": [sent.newsletter.pk], "language": "fr"})

    assert them(sent).language == "fr"
    assert client.get(preferences(sent))["Content-Language"] == "fr"


def test_joining_keeps_the_words_with_version_and_where_from(client: Client, sent: Sent) -> None:
    sales = ContactList.objects.create(name="Ventes privées", description="Quatre fois par an.")
    client.post(preferences(sent), {"lists": [sent.newsletter.pk, sales.pk]}, REMOTE_ADDR="198.51.100.9")
    sales.description = "Six fois par an."
    sales.save()
    client.post(preferences(sent), {"lists": [sent.newsletter.pk]})
    client.post(preferences(sent), {"lists": [sent.newsletter.pk, sales.pk]})

    consents = Consent.objects.filter(contact_list=sales, state=ConsentState.GRANTED).order_by("pk")
    assert [row.statement.wording for row in consents] == [
        "Ventes privées. Quatre fois par an.",
        "Ventes privées. Six fois par an.",
    ]
    assert consents[0].ip == "198.51.100.9"


@pytest.mark.parametrize("act", ["copy", "erase"])
def test_a_forwarded_mail_does_no_harm(client: Client, sent: Sent, act: str) -> None:
    client.post(preferences(sent), {"act": act})

    confirmation = Confirmation.objects.get()
    assert confirmation.address == sent.contacts[0].address
    assert confirmation.state == Confirmation.State.OPEN
    assert Contact.objects.filter(pk=sent.contacts[0].pk).exists()


def test_a_new_address_is_asked_and_nothing_changes_before(client: Client, sent: Sent) -> None:
    page = client.post(preferences(sent), {"act": "address", "address": "neuf@courriel.example"}).content.decode()

    assert "neuf@courriel.example" in page
    assert Confirmation.objects.get().address == "neuf@courriel.example"
    assert them(sent).address == sent.contacts[0].address


def test_asking_for_a_known_and_an_unknown_address_looks_the_same(client: Client, sent: Sent) -> None:
    known = sent.contacts[1].address
    pages = [
        client.post(preferences(sent), {"act": "address", "address": address}).content.decode().replace(address, "…")
        for address in (known, "nobody@courriel.example")
    ]

    assert pages[0] == pages[1]


def test_a_broken_new_address_is_said_so(client: Client, sent: Sent) -> None:
    page = client.post(preferences(sent), {"act": "address", "address": "neuf@"}).content.decode()

    assert "address-error" in page
    assert not Confirmation.objects.exists()


def test_reason_is_asked_after_leaving_and_kept_without_a_name(client: Client, sent: Sent) -> None:
    page = client.post(door(sent), {"scope": "lists"}).content.decode()
    assert f"{door(sent)}/why" in page

    client.post(f"{door(sent)}/why", {"answer": "1", "words": "Un par mois suffit"})
    client.post(f"{door(sent)}/why", {"answer": "2"})

    reason = LeavingReason.objects.get()
    assert (reason.answer, reason.mailing_id) == (LeavingReason.Answer.NOT_FOR_ME, sent.mailing.pk)


def test_one_click_asks_nothing(client: Client, sent: Sent) -> None:
    answer = client.post(door(sent), {"List-Unsubscribe": "One-Click"})

    assert answer["Content-Type"].startswith("text/plain")


def test_tracking_page_asks_and_records_the_very_words(client: Client, sent: Sent) -> None:
    with nothing_changes():
        client.get(f"{asked(sent)}?opens=yes")

    client.post(asked(sent), {"opens": "no", "clicks": "yes"})

    assert (them(sent).open_consent, them(sent).click_consent) == (ConsentState.DENIED, ConsentState.GRANTED)
    statement = ConsentStatement.objects.get(source="preference page: opens")
    assert statement.wording.startswith("Pouvons-nous savoir quand vous ouvrez nos messages")
    assert (statement.version, len(statement.digest)) == (1, 64)


@pytest.mark.parametrize("path", ["/t/", "/u/"])
def test_tokens_of_other_doors_open_neither(client: Client, sent: Sent, path: str) -> None:
    foreign = sent.token(Purpose.PREFERENCES)
    tail = "/why" if path == "/u/" else ""

    assert client.post(f"{path}{foreign}{tail}", {"opens": "yes", "answer": "1"}).status_code == 404
    assert not LeavingReason.objects.exists()
    assert them(sent).open_consent == ConsentState.UNKNOWN
