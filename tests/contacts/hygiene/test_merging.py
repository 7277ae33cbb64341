"""Duplicates: found, dismissed, merged; the stricter word stands and proofs stay."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEntry, User
from contacts.holdings import copy_of
from contacts.hygiene.duplicates import dismiss, find_duplicates, open_duplicates
from contacts.hygiene.merging import merge_contacts, preview_merge
from contacts.models import (
    Confirmation,
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    ContactTag,
    Duplicate,
    Engagement,
    FormerAddress,
    Purpose,
    Subscription,
    Suppression,
)
from contacts.services import (
    ContactRefused,
    add_contact,
    create_list,
    erase_contact,
    push_engagement,
    record_consent,
    subscribe,
    suppress,
    tags_named,
    unsubscribe,
)
from delivery.models import Message
from feedback.people import person_of
from tests.feedback.sent import send

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
Reason, Scope = Suppression.Reason, Suppression.Scope


@pytest.fixture
def other(db: None) -> Contact:
    return add_contact(address="camille.roux+shop@courriel.example", last_name="Roux-Martin", language="fr")


def merge(kept: Contact, other: Contact, user: User | None = None) -> Contact:
    return merge_contacts(kept=kept, other=other, user=user, at=NOW)


def states(contact: Contact) -> dict[str, int]:
    return dict(Subscription.objects.filter(contact=contact).values_list("contact_list__name", "state"))


def test_one_mailbox_in_two_spellings_and_one_name_in_one_organisation_are_found(db: None) -> None:
    plain = add_contact(address="lea.martin@gmail.com")
    dotted = add_contact(address="leamartin+news@googlemail.com")
    nils = add_contact(address="nils@ecole.example", first_name="Nils", last_name="Berg")
    berg = add_contact(address="n.berg@ecole.example", first_name="Nils", last_name="BERG")
    add_contact(address="nils.berg@gmail.com", first_name="Nils", last_name="Berg")

    assert find_duplicates() == 2

    found = open_duplicates()
    assert [(row.first, row.second, row.kind) for row in found] == [
        (plain, dotted, Duplicate.Kind.MAILBOX),
        (nils, berg, Duplicate.Kind.NAME),
    ]
    assert dismiss(duplicate=found[0].pk, at=NOW)
    assert find_duplicates() == 0
    assert [row.second for row in open_duplicates()] == [berg]


def test_a_merge_fills_in_and_never_overwrites(camille: Contact, other: Contact, olivier: User) -> None:
    other.fields = {"7": "Lyon"}
    other.save()
    ContactTag.objects.bulk_create(ContactTag(tag=tag, contact=other) for tag in tags_named(["vip"]))
    push_engagement(opened={}, clicked={other.pk: NOW})

    kept = merge(camille, other, olivier)

    assert (kept.first_name, kept.last_name, kept.language) == ("Camille", "Roux", "fr")
    assert (kept.fields, kept.sort_key) == ({"7": "Lyon"}, "roux camille")
    assert ContactTag.objects.get().contact == kept
    assert Engagement.objects.get(pk=kept.pk).last_clicked_at == NOW
    assert not Contact.objects.filter(pk=other.pk).exists()
    entry = AuditEntry.objects.get(verb="contact.merge")
    assert (entry.user, entry.target, entry.details) == (olivier, f"contact:{kept.pk}", {"other": other.pk})


def test_leaving_prevails_over_joining_and_the_ledger_of_consents_says_so(
    camille: Contact, other: Contact, newsletter: ContactList, statement: ConsentStatement
) -> None:
    sales = create_list(name="Private sales")
    subscribe(contact=other, contact_list=newsletter, statement=statement)
    unsubscribe(contact=other, contact_list=newsletter, at=NOW - timedelta(days=9))
    subscribe(contact=other, contact_list=sales, statement=statement)
    Consent.objects.update(at=NOW - timedelta(days=1))

    assert dict(preview_merge(kept=camille, other=other).subscriptions) == {newsletter: 2, sales: 1}
    kept = merge(camille, other)

    assert states(kept) == {"Newsletter Maison": 2, "Private sales": 1}
    latest = Consent.objects.filter(contact=kept, contact_list=newsletter).latest("at")
    assert (latest.state, latest.statement.source) == (ConsentState.DENIED, "two contacts merged")
    assert Consent.objects.filter(contact=kept, statement=statement, contact_list=sales).exists()


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_merge_never_lifts_anything(camille: Contact, other: Contact, is_reversed: bool) -> None:
    unsubscribe(contact=other, at=NOW)
    suppress(address_key=other.address_key, reason=Reason.COMPLAINED, scope=Scope.ALL, origin="feedback", at=NOW)

    kept = merge(other, camille) if is_reversed else merge(camille, other)

    for key in (camille.address_key, other.address_key):
        rows = Suppression.objects.filter(address_key=key).order_by("scope")
        assert list(rows.values_list("reason", "scope")) == [
            (Reason.COMPLAINED, Scope.ALL),
            (Reason.UNSUBSCRIBED, Scope.MARKETING),
        ]
    assert not Contact.objects.filter(pk=kept.pk).mailable().exists()


def test_a_dead_mailbox_stays_with_its_own_address(camille: Contact, other: Contact) -> None:
    suppress(address_key=other.address_key, reason=Reason.HARD_BOUNCE, scope=Scope.ALL, origin="feedback", at=NOW)

    kept = merge(camille, other)

    assert Contact.objects.filter(pk=kept.pk).mailable().exists()
    assert Suppression.objects.get().address_key == other.address_key


@pytest.mark.parametrize(("one", "two", "result"), [(1, 2, 2), (2, 1, 2), (0, 1, 1), (0, 2, 2), (0, 0, 0)])
def test_a_no_to_tracking_stands_whoever_said_it(
    camille: Contact, other: Contact, statement: ConsentStatement, one: int, two: int, result: int
) -> None:
    for number, (contact, state) in enumerate(((camille, one), (other, two))):
        if state:
            record_consent(
                contact=contact,
                purpose=Purpose.OPENS,
                state=state,
                statement=statement,
                at=NOW - timedelta(days=number),
            )

    kept = merge(camille, other)

    kept.refresh_from_db()
    assert kept.open_consent == result
    latest = Consent.objects.filter(contact=kept, purpose=Purpose.OPENS).order_by("-at", "-pk").first()
    assert (latest.state if latest else 0) == result


def test_questions_to_the_address_that_goes_are_closed_and_answers_kept(
    camille: Contact, other: Contact, newsletter: ContactList
) -> None:
    common = {"contact": other, "address": other.address, "language": "fr", "asked_at": NOW, "expires_at": NOW}
    waiting = Confirmation.objects.create(kind=1, **common)
    proof = Confirmation.objects.create(kind=3, state=Confirmation.State.CONFIRMED, **common)
    Subscription.objects.create(contact=other, contact_list=create_list(name="Waiting"), state=3)

    kept = merge(camille, other)

    waiting.refresh_from_db()
    proof.refresh_from_db()
    assert (waiting.state, waiting.contact, proof.contact) == (Confirmation.State.EXPIRED, kept, kept)
    assert states(kept) == {"Newsletter Maison": 1}


def test_messages_go_along_and_old_links_still_find_the_person(db: None) -> None:
    sent = send(2)
    kept, other = sent.contacts
    later = send(1)
    Message.objects.filter(pk=later.messages[0]).update(contact_id=other.pk, address_key=other.address_key)

    merge(kept, other)

    assert set(Message.objects.filter(contact_id=kept.pk).values_list("pk", flat=True)) == {
        sent.messages[0],
        later.messages[0],
    }
    person = person_of(mailing=sent.mailing.pk, message=sent.messages[1])
    assert person is not None and person.contact == kept
    assert copy_of(kept, at=NOW)["person"]["former_addresses"] == [other.address_key]


def test_erasing_forgets_former_addresses_too(camille: Contact, other: Contact) -> None:
    kept = merge(camille, other)

    erase_contact(contact=kept, at=NOW)

    assert not FormerAddress.objects.exists()
    with pytest.raises(ContactRefused, match="erased"):
        add_contact(address=other.address)


def test_a_contact_is_not_merged_with_itself_nor_with_a_sample(camille: Contact, other: Contact) -> None:
    with pytest.raises(ContactRefused, match="same contact"):
        merge(camille, camille)
    Contact.objects.filter(pk=other.pk).update(is_sample=True)
    with pytest.raises(ContactRefused, match="sample"):
        merge(camille, other)
