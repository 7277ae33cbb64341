"""The end of retention: asked once, kept by one touch, else erased; never before the mail left."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Organisation
from common import tokens
from contacts.hygiene.quiet import forecast, rule_of
from contacts.hygiene.retention import run_retention
from contacts.models import Confirmation, Contact, ContactList, Engagement, HygieneRule, Suppression
from contacts.services import add_contact, note_mailed, push_engagement, tidy

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 24, 4, 10, tzinfo=UTC)
Kind = HygieneRule.Kind


@pytest.fixture
def rule(db: None) -> HygieneRule:
    made = rule_of(Kind.RETENTION)
    made.is_on = True
    made.save()
    return made


@pytest.fixture
def old(db: None) -> Contact:
    """Somebody who came more than three years ago and opened a message yesterday: an open is no act."""
    made = add_contact(address="lea@courriel.example")
    Contact.objects.filter(pk=made.pk).update(created_at=NOW - 1_200 * DAY)
    push_engagement(opened={made.pk: NOW.date()}, clicked={made.pk: NOW - 1_100 * DAY})
    return made


def mail_left(at: datetime) -> Confirmation:
    asked = Confirmation.objects.get(kind=Confirmation.Kind.STAY)
    note_mailed(asked, at=at)
    asked.refresh_from_db()
    return asked


def test_is_off_until_somebody_switches_it_on(old: Contact) -> None:
    assert run_retention(at=NOW) is None
    assert not Confirmation.objects.exists()


def test_people_are_asked_once_and_erased_only_after_the_days_to_answer(
    rule: HygieneRule, old: Contact, camille: Contact
) -> None:
    assert run_retention(at=NOW).counts == {"erased": 0, "asked": 1}
    assert run_retention(at=NOW + DAY).counts == {"erased": 0, "asked": 0}
    mail_left(NOW + DAY)
    assert run_retention(at=NOW + 30 * DAY).counts == {"erased": 0, "asked": 0}

    assert run_retention(at=NOW + 31 * DAY).counts == {"erased": 1, "asked": 0}

    assert list(Contact.objects.all()) == [camille]
    assert AuditEntry.objects.get(verb="contact.erase").details == {"by": "the retention rule"}
    assert Suppression.objects.get().address_key is None


def test_nobody_is_erased_whose_mail_never_left(rule: HygieneRule, old: Contact) -> None:
    run_retention(at=NOW)
    tidy(at=NOW + 40 * DAY)

    assert run_retention(at=NOW + 41 * DAY).counts == {"erased": 0, "asked": 1}
    assert Contact.objects.filter(pk=old.pk).exists()


def test_a_click_after_the_question_is_an_answer(rule: HygieneRule, old: Contact) -> None:
    run_retention(at=NOW)
    mail_left(NOW)
    push_engagement(opened={}, clicked={old.pk: NOW + 5 * DAY})

    assert run_retention(at=NOW + 60 * DAY).counts == {"erased": 0, "asked": 0}


def test_page_asks_and_its_button_keeps(
    client: Client, rule: HygieneRule, old: Contact, organisation: Organisation
) -> None:
    run_retention(at=timezone.now())
    asked = mail_left(timezone.now())
    address = f"/y/{tokens.encode(tokens.Purpose.CONFIRM, mailing=0, message=asked.pk)}"

    page = client.get(f"{address}?language=en").content.decode()
    assert "Do you want to stay?" in page and "I stay" in page
    assert Engagement.objects.get(pk=old.pk).last_own_at is None

    assert "You stay with us" in client.post(f"{address}?language=en").content.decode()
    assert Contact.objects.filter(pk=old.pk).exists()
    assert Engagement.objects.get(pk=old.pk).last_own_at is not None
    assert run_retention(at=timezone.now() + 100 * DAY).counts == {"erased": 0, "asked": 0}


def test_whom_a_contract_binds_is_left_alone(rule: HygieneRule, old: Contact) -> None:
    bound = ContactList.objects.create(name="Subscribers", legal_basis=ContactList.LegalBasis.CONTRACT)
    old.subscriptions.create(contact_list=bound)

    assert run_retention(at=NOW).counts["asked"] == 0


def test_forecast_asks_and_erases_nobody(rule: HygieneRule, old: Contact) -> None:
    assert forecast(rule, at=NOW)["now"] == 1
    assert not Confirmation.objects.exists()
