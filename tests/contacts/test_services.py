from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry, User
from contacts.addresses import BrokenAddress, fingerprint
from contacts.models import (
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    Engagement,
    Purpose,
    Subscription,
    Suppression,
)
from contacts.services import (
    ContactRefused,
    add_contact,
    change_contact,
    erase_contact,
    lift_suppression,
    push_engagement,
    push_soft_bounces,
    record_consent,
    remove_contact,
    remove_list,
    state_source,
    subscribe,
    suppress,
    suppress_all,
    suppress_on_list,
    unsubscribe,
)
from contacts.services.people import add_unconfirmed
from contacts.services.suppressions import let_back

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
Origin, Reason, Scope = ConsentStatement.Origin, Suppression.Reason, Suppression.Scope


def test_address_is_kept_as_typed_beside_its_key(camille: Contact) -> None:
    assert (camille.address, camille.address_key) == ("Camille.Roux@Courriel.example", "camille.roux@courriel.example")
    assert camille.sort_key == "roux camille"


def test_add_contact_of_a_known_address_in_other_case_is_refused(camille: Contact) -> None:
    with pytest.raises(ContactRefused, match="a contact already"):
        add_contact(address="CAMILLE.ROUX@courriel.example")


def test_add_contact_of_a_broken_address_is_refused(db: None) -> None:
    with pytest.raises(BrokenAddress):
        add_contact(address="camille@@courriel.example")


def test_add_contact_of_an_erased_person_is_refused(db: None) -> None:
    Suppression.objects.create(fingerprint=fingerprint("lea@courriel.example"), reason=Reason.ERASED)

    with pytest.raises(ContactRefused, match="erased"):
        add_contact(address="Lea@courriel.example")


def test_add_contact_lifts_no_suppression(db: None) -> None:
    suppress(address_key="lea@courriel.example", reason=Reason.COMPLAINED, scope=Scope.ALL, origin="loop", at=NOW)

    lea = add_contact(address="lea@courriel.example")

    assert Contact.objects.suppressed().get() == lea
    assert not Contact.objects.mailable().exists()


def test_change_contact_makes_a_new_key_and_order(camille: Contact) -> None:
    change_contact(
        contact=camille, address="C.Lefèvre@gmail.com", first_name="Camille", last_name="Lefèvre", language="fr"
    )

    camille.refresh_from_db()
    assert (camille.address_key, camille.sort_key, camille.mx_group) == ("c.lefèvre@gmail.com", "lefevre camille", 1)


def test_subscribe_records_consent_on_its_proof(camille: Contact, newsletter: ContactList) -> None:
    consent = camille.consents.get(contact_list=newsletter)

    assert (consent.purpose, consent.state) == (Purpose.MAILING, ConsentState.GRANTED)
    assert consent.statement.source == "Stand at the fair of Lyon, May 2026"


def test_subscribe_twice_changes_nothing(
    camille: Contact, newsletter: ContactList, statement: ConsentStatement
) -> None:
    subscribe(contact=camille, contact_list=newsletter, statement=statement)

    assert camille.consents.filter(contact_list=newsletter).count() == 1


def test_unsubscribe_from_a_list_leaves_the_others(
    camille: Contact, newsletter: ContactList, statement: ConsentStatement
) -> None:
    sales = ContactList.objects.create(name="Private sales")
    subscribe(contact=camille, contact_list=sales, statement=statement)

    assert unsubscribe(contact=camille, contact_list=newsletter, at=LATER) is True

    states = dict(camille.subscriptions.values_list("contact_list__name", "state"))
    assert states == {"Newsletter Maison": Subscription.State.UNSUBSCRIBED, "Private sales": 1}
    assert camille.subscriptions.get(contact_list=newsletter).left_at == LATER
    assert not Suppression.objects.exists()
    assert Contact.objects.mailable().get() == camille


def test_unsubscribe_from_everything_suppresses_marketing_and_denies(camille: Contact) -> None:
    unsubscribe(contact=camille, contact_list=None, at=LATER)

    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.scope) == (Reason.UNSUBSCRIBED, Scope.MARKETING)
    assert camille.consents.filter(state=ConsentState.DENIED, contact_list=None).count() == 1
    assert not Contact.objects.mailable().exists()


def test_unsubscribe_twice_writes_once(camille: Contact) -> None:
    unsubscribe(contact=camille, at=NOW)

    assert unsubscribe(contact=camille, at=LATER) is False
    assert camille.consents.filter(state=ConsentState.DENIED).count() == 1


def test_subscribe_by_import_never_brings_back(camille: Contact, newsletter: ContactList) -> None:
    unsubscribe(contact=camille, contact_list=newsletter, at=NOW)

    with pytest.raises(ContactRefused):
        subscribe(
            contact=camille, contact_list=newsletter, statement=state_source(origin=Origin.IMPORT, source="old CRM")
        )
    assert camille.subscriptions.get().state == Subscription.State.UNSUBSCRIBED


def test_subscribe_by_the_team_keeps_the_persons_own_suppression(
    camille: Contact, newsletter: ContactList, statement: ConsentStatement
) -> None:
    unsubscribe(contact=camille, at=NOW)

    subscribe(contact=camille, contact_list=newsletter, statement=statement)

    assert not Contact.objects.mailable().exists()


def test_subscribe_by_ones_own_hand_lifts_ones_own_suppression(camille: Contact, newsletter: ContactList) -> None:
    unsubscribe(contact=camille, at=NOW)

    own = state_source(origin=Origin.PREFERENCES, source="preference page")
    subscribe(contact=camille, contact_list=newsletter, statement=own)

    assert Contact.objects.mailable().get() == camille


def test_subscribe_by_ones_own_hand_keeps_a_complaint(camille: Contact, newsletter: ContactList) -> None:
    suppress(address_key=camille.address_key, reason=Reason.COMPLAINED, scope=Scope.ALL, origin="loop", at=NOW)

    own = state_source(origin=Origin.FORM, source="form")
    subscribe(contact=camille, contact_list=newsletter, statement=own)

    assert not Contact.objects.mailable().exists()


def test_record_consent_copies_the_latest_decision(camille: Contact, statement: ConsentStatement) -> None:
    for state, at in ((ConsentState.DENIED, LATER), (ConsentState.GRANTED, NOW)):
        record_consent(contact=camille, purpose=Purpose.OPENS, state=state, statement=statement, at=at)

    camille.refresh_from_db()
    assert (camille.open_consent, camille.click_consent) == (ConsentState.DENIED, ConsentState.UNKNOWN)
    assert Consent.objects.filter(purpose=Purpose.OPENS).count() == 2


def test_suppress_keeps_the_first_reason_but_a_complaint_outranks(db: None) -> None:
    def reason() -> int:
        return Suppression.objects.get().reason

    for told, expected in (
        (Reason.MANUAL, Reason.MANUAL),
        (Reason.HARD_BOUNCE, Reason.MANUAL),
        (Reason.COMPLAINED, Reason.COMPLAINED),
        (Reason.HARD_BOUNCE, Reason.COMPLAINED),
    ):
        suppress(address_key="lea@courriel.example", reason=told, scope=Scope.ALL, origin="test", at=NOW)
        assert reason() == expected


def test_suppress_all_counts_what_it_wrote(db: None) -> None:
    keys = ["a@courriel.example", "b@courriel.example", "a@courriel.example"]

    assert suppress_all(address_keys=keys, reason=Reason.MANUAL, scope=Scope.ALL, origin="", at=NOW) == 2
    assert suppress_all(address_keys=keys, reason=Reason.MANUAL, scope=Scope.ALL, origin="", at=NOW) == 0


def test_lift_suppression_leaves_a_trace(camille: Contact, olivier: User) -> None:
    suppress(address_key=camille.address_key, reason=Reason.MANUAL, scope=Scope.ALL, origin="", at=NOW)

    lift_suppression(suppression=Suppression.objects.get(), user=olivier)

    assert Contact.objects.mailable().get() == camille
    assert AuditEntry.objects.get().details["address"] == "camille.roux@courriel.example"


def test_push_engagement_keeps_the_latest_and_passes_over_strangers(camille: Contact) -> None:
    push_engagement(opened={camille.pk: date(2026, 11, 2), 999_999: date(2026, 11, 2)}, clicked={})
    push_engagement(opened={camille.pk: date(2026, 11, 1)}, clicked={camille.pk: NOW})

    row = Engagement.objects.get()
    assert (row.last_opened_on, row.last_clicked_at) == (date(2026, 11, 2), NOW)


def test_push_soft_bounces_sets_the_count(camille: Contact) -> None:
    push_soft_bounces(counts={camille.pk: 3})
    push_soft_bounces(counts={camille.pk: 0})

    assert Engagement.objects.get().soft_bounce_count == 0


def test_remove_list_keeps_its_people_and_their_proof(camille: Contact, newsletter: ContactList) -> None:
    remove_list(contact_list=newsletter)

    assert Contact.objects.filter(pk=camille.pk).exists()
    assert not camille.subscriptions.exists()
    assert camille.consents.count() == 2


def test_a_new_address_carries_what_the_person_said_no_to_and_no_dead_mailbox(
    camille: Contact, newsletter: ContactList
) -> None:
    unsubscribe(contact=camille, at=NOW)
    old = camille.address_key
    suppress(address_key=old, reason=Reason.HARD_BOUNCE, scope=Scope.ALL, origin="feedback", at=NOW)
    suppress_on_list(address_key=old, contact_list=newsletter, reason=Reason.MANUAL, origin="Inès", at=NOW)

    change_contact(contact=camille, address="c.roux@courriel.example", first_name="", last_name="", language="")

    rows = Suppression.objects.filter(address_key="c.roux@courriel.example")
    assert sorted(rows.values_list("reason", "scope")) == [
        (Reason.UNSUBSCRIBED, Scope.MARKETING),
        (Reason.MANUAL, Scope.LIST),
    ]
    assert Suppression.objects.filter(address_key=old).count() == 3


def test_an_address_cannot_become_that_of_an_erased_person(camille: Contact, statement: ConsentStatement) -> None:
    erase_contact(contact=add_contact(address="lea@courriel.example"), at=NOW)

    with pytest.raises(ContactRefused, match="erased"):
        change_contact(contact=camille, address="LEA@courriel.example", first_name="", last_name="", language="")


def test_an_erased_address_with_a_contact_again_is_suppressed_in_plain_words_until_it_confirms(db: None) -> None:
    lea = add_contact(address="lea@courriel.example")
    suppress(address_key=lea.address_key, reason=Reason.COMPLAINED, scope=Scope.ALL, origin="feedback", at=NOW)
    erase_contact(contact=lea, at=NOW)
    assert not Suppression.objects.filter(address_key=lea.address_key).exists()

    back = add_unconfirmed(address="lea@courriel.example", language="fr")

    plain = Suppression.objects.filter(address_key=back.address_key).order_by("scope")
    assert list(plain.values_list("reason", "scope")) == [
        (Reason.COMPLAINED, Scope.ALL),
        (Reason.ERASED, Scope.MARKETING),
    ]
    let_back(back.address_key)
    assert list(plain.values_list("reason")) == [(Reason.COMPLAINED,)]
    remove_contact(contact=back)


def test_a_forgotten_contact_leaves_only_the_fingerprint_of_an_erasure(db: None) -> None:
    erase_contact(contact=add_contact(address="lea@courriel.example"), at=NOW)
    remove_contact(contact=add_unconfirmed(address="lea@courriel.example", language="fr"))

    assert list(Suppression.objects.values_list("address_key", "reason")) == [(None, Reason.ERASED)]


def test_whatever_deletes_a_contact_takes_what_they_agreed_to(camille: Contact) -> None:
    """The server checks neither reference, so that a large import is fast; a trigger stands for the check."""
    assert Consent.objects.filter(contact=camille).exists()

    with connection.cursor() as cursor:
        cursor.execute("delete from contacts_contact where id = %s", [camille.pk])

    assert not Subscription.objects.filter(contact_id=camille.pk).exists()
    assert not Consent.objects.filter(contact_id=camille.pk).exists()
