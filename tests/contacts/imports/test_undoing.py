"""The undo: everything as before, unless something was written to the new people, or they did something since."""

from datetime import UTC, datetime

import pytest

from accounts.models import AuditEntry
from contacts.hygiene.duplicates import find_duplicates
from contacts.imports import (
    ImportRefused,
    may_lift,
    run_import,
    start_import,
    start_undo,
    state_suppression,
    undo_import,
)
from contacts.models import (
    AddressFlag,
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactField,
    ContactImport,
    ContactList,
    ContactTag,
    Duplicate,
    ImportedContact,
    Purpose,
    Subscription,
    Suppression,
    Tag,
)
from contacts.registry import mailed
from contacts.services import create_list, state_source, subscribe, unsubscribe
from tests.contacts.imports.conftest import Importer

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FILE = (
    "email,first_name,last_name,city\n"
    "CAMILLE.roux@courriel.example,Camilla,Rousseau,Paris\n"
    "lea@courriel.example,Léa,,Lyon\n"
)


def undo(job: ContactImport) -> ContactImport:
    start_undo(job=job)
    done = undo_import(job.pk)
    assert done is not None
    return done


def snapshot() -> list[dict[str, object]]:
    rows = Contact.objects.order_by("pk").values()
    return [{name: value for name, value in row.items() if name != "updated_at"} for row in rows]


def test_everything_is_as_before(run: Importer, camille: Contact) -> None:
    city = ContactField.objects.create(key="city", label="City")
    Contact.objects.filter(pk=camille.pk).update(fields={str(city.pk): "Lyon", "7": "kept"})
    before = snapshot()
    job = run(FILE)
    assert (job.created_count, job.changed_count) == (1, 1)

    done = undo(job)

    assert done.state == ContactImport.State.UNDONE
    assert done.undone == {"removed": 1, "restored": 1, "withdrawn": 0, "kept": 0, "lifted": 0}
    assert snapshot() == before
    assert not ImportedContact.objects.exists()
    assert AuditEntry.objects.filter(verb="import.undo", target=f"import:{job.pk}").exists()


def test_flags_and_possible_duplicates_go_with_the_people_they_are_of(run: Importer, camille: Contact) -> None:
    job = run("email,first_name,last_name\ncamille.roux+2@courriel.example,,\ninfo@gmial.com,,\n")
    assert find_duplicates() == 1 and AddressFlag.objects.count() == 2

    undo(job)

    assert list(Contact.objects.all()) == [camille]
    assert not Duplicate.objects.exists() and not AddressFlag.objects.exists()


def test_a_corrected_value_stays_corrected(run: Importer, camille: Contact) -> None:
    job = run(FILE)
    Contact.objects.filter(pk=camille.pk).update(first_name="Camille-Anne")

    undo(job)

    camille.refresh_from_db()
    assert (camille.first_name, camille.last_name, camille.sort_key) == ("Camille-Anne", "Roux", "roux camille-anne")
    assert camille.fields == {}


def test_subscriptions_go_and_the_record_of_consents_says_so(run: Importer, camille: Contact) -> None:
    Subscription.objects.all().delete()
    written = Consent.objects.count()
    job = run(f"email\n{camille.address}\n", tracking=ConsentState.GRANTED)
    assert Consent.objects.count() == written + 3

    done = undo(job)

    camille.refresh_from_db()
    assert done.undone["withdrawn"] == 1
    assert not camille.subscriptions.exists()
    assert (camille.open_consent, camille.click_consent) == (0, 0)
    latest = camille.consents.order_by("-pk")[:3]
    assert {(row.purpose, row.state) for row in latest} == {("mailing", 0), ("opens", 0), ("clicks", 0)}
    assert latest[0].statement.source == "import undone: people.csv"
    again = run(f"email\n{camille.address}\n")  # undone is not left: the right file may bring them in
    assert (again.changed_count, again.kept_out_count) == (1, 0)


def test_who_was_waiting_to_confirm_waits_again(run: Importer, camille: Contact) -> None:
    Subscription.objects.update(state=Subscription.State.PENDING)

    undo(run(f"email\n{camille.address}\n"))

    assert camille.subscriptions.get().state == Subscription.State.PENDING


def test_who_left_meanwhile_has_left(run: Importer, newsletter: ContactList) -> None:
    job = run("email\nlea@courriel.example\n")
    lea = Contact.objects.get()
    unsubscribe(contact=lea, contact_list=newsletter, at=NOW)

    done = undo(job)

    assert (done.undone["removed"], done.undone["kept"]) == (0, 1)
    assert lea.subscriptions.get().state == Subscription.State.UNSUBSCRIBED


def test_people_who_joined_something_else_since_stay(run: Importer) -> None:
    job = run("email\nlea@courriel.example\nmarc@courriel.example\n")
    lea = Contact.objects.get(address_key="lea@courriel.example")
    proof = state_source(origin=ConsentStatement.Origin.STAFF, source="asked by phone")
    subscribe(contact=lea, contact_list=create_list(name="Private sales"), statement=proof)

    done = undo(job)

    assert (done.undone["removed"], done.undone["kept"]) == (1, 1)
    assert [row.contact_list.name for row in lea.subscriptions.select_related("contact_list")] == ["Private sales"]
    assert lea.consents.filter(purpose=Purpose.MAILING, state=ConsentState.UNKNOWN).exists()


@pytest.fixture
def everybody_mailed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailed, "_entries", [set])


def test_too_late_once_something_was_sent(run: Importer, everybody_mailed: None) -> None:
    job = run("email\nlea@courriel.example\nmarc@courriel.example\n")

    done = undo(job)

    assert done.state == ContactImport.State.DONE
    assert done.error == "Too late to undo: 2 of the new people have been written to since."
    assert Contact.objects.count() == 2


def test_known_people_who_were_mailed_do_not_hinder(run: Importer, camille: Contact, everybody_mailed: None) -> None:
    job = run(f"email,first_name\n{camille.address},Camilla\n")

    undo(job)

    camille.refresh_from_db()
    assert camille.first_name == "Camille"


def test_an_undo_that_died_goes_on(run: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.imports.undoing.BLOCK", 1)
    job = run("email\n" + "".join(f"p{n}@courriel.example\n" for n in range(3)))
    start_undo(job=job)

    class Killed(BaseException):
        pass

    def die(told: ContactImport) -> None:
        raise Killed

    with pytest.raises(Killed):
        undo_import(job.pk, report=die)
    assert Contact.objects.count() == 2
    assert undo_import(job.pk) is None  # still held
    ContactImport.objects.update(lease_until=NOW)

    done = undo_import(job.pk)

    assert done is not None
    assert (done.state, done.undone["removed"]) == (ContactImport.State.UNDONE, 3)
    assert not Contact.objects.exists()


def test_tags_of_the_import_go_and_others_stay(matched: Importer, camille: Contact) -> None:
    ContactTag.objects.create(tag=Tag.objects.create(name="vip"), contact=camille)
    job = matched(f"email\n{camille.address}\n")
    vip, fair = Tag.objects.get(), Tag.objects.create(name="fair")
    ContactImport.objects.filter(pk=job.pk).update(tags=[vip.pk, fair.pk])
    start_import(job=job)
    done = run_import(job.pk)
    assert done is not None
    assert ContactTag.objects.count() == 2

    undo(done)

    assert list(ContactTag.objects.values_list("tag__name", flat=True)) == ["vip"]


def test_suppressions_are_lifted_but_complaints_by_an_administrator_only(matched: Importer) -> None:
    job = matched("email\nlea@courriel.example\n")
    state_suppression(job=job, reason=Suppression.Reason.COMPLAINED)
    start_import(job=job)
    done = run_import(job.pk)
    assert done is not None
    assert (done.created_count, Contact.objects.count()) == (1, 0)

    with pytest.raises(ImportRefused, match="Only an administrator"):
        may_lift(done, is_admin=False)
    may_lift(done, is_admin=True)
    undo(done)

    assert not Suppression.objects.exists()


def test_nothing_to_undo_is_said(release: Importer) -> None:
    job = release("email\nlea@courriel.example\n")

    with pytest.raises(ImportRefused, match="nothing to undo"):
        start_undo(job=job)
