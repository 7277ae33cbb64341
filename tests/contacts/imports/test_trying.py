"""The dry run: all of the file, nothing written, and the run does what it said."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contacts.imports import (
    ImportRefused,
    match_columns,
    run_import,
    start_import,
    start_trial,
    try_import,
    waiting_imports,
)
from contacts.imports import chunks as chunks_module
from contacts.imports.queries import drift_of, findings_of
from contacts.models import Contact, ContactField, ContactImport, ContactList, ImportFinding, Subscription, Suppression
from contacts.services import suppress, unsubscribe
from tests.contacts.imports.conftest import Importer
from tests.contacts.imports.test_run import MESS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAMES = ("row_count", "created_count", "changed_count", "unchanged_count", "refused_count", "kept_out_count")


def figures(told: dict[str, Any] | ContactImport) -> dict[str, int]:
    return {name: told[name] if isinstance(told, dict) else getattr(told, name) for name in NAMES}


def test_nothing_is_written_and_the_run_does_what_it_said(
    tried: Importer, camille: Contact, newsletter: ContactList
) -> None:
    suppress(address_key="out@courriel.example", reason=23, scope=0, origin="", at=NOW)
    before = list(Contact.objects.values())

    job = tried(MESS + f"{camille.address},Camilla,,Paris,\nout@courriel.example,,,,\n", tracking=1)

    assert job.state == ContactImport.State.TRIED
    assert list(Contact.objects.values()) == before
    assert not ContactField.objects.exists()
    assert Subscription.objects.count() == 1
    assert job.reasons == {"missing": 1, "broken": 2, "duplicate": 1}
    said = figures(job.trial)
    assert said == {
        "row_count": 9, "created_count": 4, "changed_count": 1, "unchanged_count": 0,
        "refused_count": 4, "kept_out_count": 1,
    }  # fmt: skip
    start_import(job=job)
    done = run_import(job.pk)
    assert done is not None
    assert figures(done) == said
    assert drift_of(done) == []
    assert not ImportFinding.objects.exists()


def test_changes_are_shown_field_by_field(tried: Importer, camille: Contact) -> None:
    city = ContactField.objects.create(key="city", label="Ville")
    Contact.objects.filter(pk=camille.pk).update(fields={str(city.pk): "Lyon"})

    job = tried(f"email,first_name,city,plan\n{camille.address},Camille,Villeurbanne,pro\n")

    (row,) = findings_of(job, "changed").rows
    assert (row.line, row.contact_id, row.who) == (2, camille.pk, "Camille Roux")
    assert sorted(row.changes) == [("Ville", "Lyon", "Villeurbanne"), ("plan", "", "pro")]


def test_who_stays_out_is_named_with_the_reason(tried: Importer, camille: Contact, newsletter: ContactList) -> None:
    unsubscribe(contact=camille, contact_list=newsletter, at=NOW)
    suppress(address_key="lea@courriel.example", reason=23, scope=0, origin="", at=NOW)

    job = tried(f"email\n{camille.address}\nlea@courriel.example\nmarc@courriel.example\n")

    rows = findings_of(job, "out").rows
    assert [(row.who, row.why) for row in rows] == [
        (camille.address, "left the list"),
        ("lea@courriel.example", "complained"),
    ]
    assert [row.who for row in findings_of(job, "new").rows] == ["lea@courriel.example", "marc@courriel.example"]


def test_refused_rows_come_as_a_file_before_anything_is_written(tried: Importer) -> None:
    job = tried(MESS)

    assert b"two@@courriel.example" in job.refused_file.read()
    assert [row.line for row in findings_of(job, "refused").rows] == [3, 4, 5, 8]


def test_people_met_in_an_earlier_chunk_are_duplicates(tried: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    real = chunks_module.Source
    monkeypatch.setattr("contacts.imports.running.Source", lambda **words: real(**(words | {"chunk_rows": 2})))

    job = tried("email\n" + "".join(f"p{n}@courriel.example\n" for n in (0, 1, 2, 3, 0, 4, 1, 5, 3)))

    assert (job.created_count, job.reasons) == (6, {"duplicate": 3})


def test_what_changed_since_is_told(tried: Importer) -> None:
    job = tried("email,first_name\nlea@courriel.example,Léa\n")
    Contact.objects.create(address="lea@courriel.example", address_key="lea@courriel.example", sort_key="lea")

    start_import(job=job)
    done = run_import(job.pk)

    assert done is not None
    assert [(row.word, row.said, row.came) for row in drift_of(done)] == [("New", 1, 0), ("Changed", 0, 1)]


def test_other_columns_throw_the_result_away(tried: Importer) -> None:
    job = tried(MESS)

    match_columns(job=job, mapping=job.mapping)

    assert (job.state, job.trial) == (ContactImport.State.MATCHED, {})


def test_a_dry_run_that_died_is_found_and_begins_anew(matched: Importer) -> None:
    job = matched(MESS)
    start_trial(job=job)
    ContactImport.objects.filter(pk=job.pk).update(row_count=4, lease_until=NOW)
    ImportFinding.objects.create(contact_import=job, kind=1, line=2)

    assert waiting_imports() == [job.pk]
    done = try_import(job.pk)

    assert done is not None
    assert done.trial["row_count"] == 7
    assert not ImportFinding.objects.filter(kind=1, line=2, address="").exists()


def test_terms_come_before_the_dry_run(newsletter: ContactList) -> None:
    job = ContactImport.objects.create(file_name="x", file_size=1, state=ContactImport.State.MATCHED)

    with pytest.raises(ImportRefused, match="who these people are"):
        start_trial(job=job)


def test_a_list_deleted_after_the_dry_run_is_told(tried: Importer, newsletter: ContactList) -> None:
    job = tried(MESS)
    newsletter.delete()

    with pytest.raises(ImportRefused, match="list was deleted; choose another"):
        start_import(job=job)


def test_the_statements_of_a_dry_run_do_not_grow_with_its_rows(
    tried: Importer, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(60) as few:
        tried("email\na@courriel.example\n")
    with django_assert_max_num_queries(len(few)):
        tried("email\n" + "".join(f"p{n}@courriel.example\n" for n in range(60)))


def test_suppressions_of_the_file_are_tried_too(tried: Importer) -> None:
    done = tried("email,status\nlea@courriel.example,unsubscribed\nmarc@courriel.example,subscribed\n")

    assert (done.created_count, done.kept_out_count) == (2, 1)
    assert not Suppression.objects.exists()
