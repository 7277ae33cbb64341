"""Who left, complained or was erased stays out, whatever a file says."""

from datetime import UTC, datetime

from contacts.addresses import fingerprint
from contacts.models import (
    ConsentState,
    Contact,
    ContactList,
    Purpose,
    Subscription,
    Suppression,
)
from contacts.services import create_list, record_consent, suppress, unsubscribe
from tests.contacts.imports.conftest import Importer, counts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GRANTED, DENIED, UNKNOWN = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.UNKNOWN


def test_who_left_the_list_is_not_brought_back(run: Importer, camille: Contact, newsletter: ContactList) -> None:
    unsubscribe(contact=camille, contact_list=newsletter, at=NOW)
    consents = camille.consents.count()

    job = run(f"email,first_name\n{camille.address},Camilla\n", tracking=GRANTED)

    camille.refresh_from_db()
    assert (counts(job), job.kept_out_count) == ((0, 1, 0, 0), 1)
    assert camille.first_name == "Camilla"
    assert camille.subscriptions.get().state == Subscription.State.UNSUBSCRIBED
    assert (camille.consents.count(), camille.open_consent) == (consents, UNKNOWN)


def test_who_left_everything_joins_no_new_list(run: Importer, camille: Contact, newsletter: ContactList) -> None:
    unsubscribe(contact=camille, at=NOW)
    Subscription.objects.all().delete()

    job = run(f"email\n{camille.address}\n", tracking=GRANTED)

    assert (counts(job), job.kept_out_count) == ((0, 0, 1, 0), 1)
    assert not camille.subscriptions.exists()


def test_new_people_who_complained_come_in_without_a_list(run: Importer) -> None:
    suppress(address_key="lea@courriel.example", reason=23, scope=0, origin="", at=NOW)

    job = run("email\nlea@courriel.example\nmarc@courriel.example\n", tracking=GRANTED)

    lea = Contact.objects.get(address_key="lea@courriel.example")
    assert (job.created_count, job.kept_out_count) == (2, 1)
    assert not lea.subscriptions.exists()
    assert not lea.consents.exists()
    assert lea.open_consent == UNKNOWN
    assert Suppression.objects.count() == 1


def test_dead_addresses_stay_suppressed_though_they_join(run: Importer, newsletter: ContactList) -> None:
    suppress(address_key="lea@courriel.example", reason=21, scope=0, origin="", at=NOW)

    run("email\nlea@courriel.example\n")

    assert Contact.objects.on_list(newsletter).count() == 1
    assert not Contact.objects.mailable().exists()


def test_who_is_waiting_to_confirm_joins_on_the_proof_of_the_file(run: Importer, camille: Contact) -> None:
    Subscription.objects.update(state=Subscription.State.PENDING)

    job = run(f"email\n{camille.address}\n", tracking=GRANTED)

    assert counts(job) == (0, 1, 0, 0)
    assert camille.subscriptions.get().state == Subscription.State.SUBSCRIBED


def test_suppression_of_another_list_keeps_nobody_out(run: Importer, camille: Contact) -> None:
    other = create_list(name="Private sales")
    Suppression.objects.create(address_key=camille.address_key, scope=2, reason=23, contact_list=other)
    Subscription.objects.all().delete()

    job = run(f"email\n{camille.address}\n")

    assert (counts(job), job.kept_out_count) == ((0, 1, 0, 0), 0)
    assert Contact.objects.mailable().get() == camille


def test_erased_people_are_not_revived(run: Importer) -> None:
    Suppression.objects.create(fingerprint=fingerprint("lea@courriel.example"), reason=25)

    job = run("email\nlea@courriel.example\nmarc@courriel.example\n")

    assert job.reasons == {"erased": 1}
    assert Contact.objects.get().address_key == "marc@courriel.example"


def test_a_denial_is_not_lifted_by_a_file(run: Importer, camille: Contact) -> None:
    record_consent(
        contact=camille, purpose=Purpose.OPENS, state=DENIED, statement=camille.consents.all()[0].statement, at=NOW
    )
    Subscription.objects.all().delete()

    run(f"email\n{camille.address}\n", tracking=GRANTED)

    camille.refresh_from_db()
    assert (camille.open_consent, camille.click_consent) == (DENIED, GRANTED)
