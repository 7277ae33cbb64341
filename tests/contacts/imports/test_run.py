import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.addresses import BrokenAddress, address_key
from contacts.imports import (
    ImportRefused,
    match_columns,
    run_import,
    start_import,
    start_undo,
    state_consent,
    undo_import,
)
from contacts.imports import chunks as chunks_module
from contacts.models import (
    Consent,
    ConsentState,
    Contact,
    ContactField,
    ContactImport,
    ContactList,
    ContactTag,
    ImportedContact,
    Purpose,
    Subscription,
    Tag,
)
from contacts.services import create_list, subscribe, tag_contact
from tests.contacts.imports.conftest import Importer, counts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GRANTED, DENIED, UNKNOWN = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.UNKNOWN
MESS = (
    "email,first_name,last_name,city,language\n"
    "lea@courriel.example,Léa,Thévenet,Lyon,fr\n"
    ",Sans,Adresse,Lyon,fr\n"
    "two@@courriel.example,Double,At,Lyon,fr\n"
    "LEA@COURRIEL.EXAMPLE,Léa,Encore,Lyon,fr\n"
    "  marc@gmail.com\t,Marc,\"Dubreuil\nde Lyon\",Lyon,en\n"
    "nul\0@courriel.example,Nul,Nul,Lyon,fr\n"
    "yanis@société.example,=1+1,Khelifi,,de\n"
)  # fmt: skip


def refused_rows(job: ContactImport) -> list[dict[str, str]]:
    with Path(job.refused_file.path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_each_row_goes_in_or_gets_a_reason(run: Importer) -> None:
    job = run(MESS)

    assert job.state == ContactImport.State.DONE
    assert (job.row_count, *counts(job)) == (7, 3, 0, 0, 4)
    assert job.reasons == {"missing": 1, "broken": 2, "duplicate": 1}
    assert [(row["line"], row["reason"]) for row in refused_rows(job)] == [
        ("3", "missing"),
        ("4", "broken"),
        ("5", "duplicate"),
        ("8", "broken"),
    ]
    assert refused_rows(job)[2]["email"] == "LEA@COURRIEL.EXAMPLE"


def test_what_a_row_says_is_stored(run: Importer, newsletter: ContactList) -> None:
    run(MESS)

    marc = Contact.objects.get(address_key="marc@gmail.com")
    assert (marc.address, marc.last_name, marc.language, marc.mx_group) == (
        "marc@gmail.com",
        "Dubreuil de Lyon",
        "en",
        1,
    )
    assert marc.sort_key == "dubreuil de lyon marc"
    assert marc.fields == {str(ContactField.objects.get(key="city").pk): "Lyon"}
    yanis = Contact.objects.get(address_key="yanis@xn--socit-esab.example")
    assert (yanis.address, yanis.first_name, yanis.language, yanis.fields) == ("yanis@société.example", "=1+1", "", {})
    assert Contact.objects.on_list(newsletter).count() == 3


def test_consent_rows_point_at_one_statement(run: Importer, newsletter: ContactList) -> None:
    job = run(MESS)

    rows = Consent.objects.select_related("statement")
    assert {(row.purpose, row.state, row.contact_list_id, row.statement_id) for row in rows} == {
        (Purpose.MAILING, GRANTED, newsletter.pk, job.statement_id)
    }
    assert (rows.count(), rows[0].statement.source) == (3, "Old CRM, double opt-in")


@pytest.mark.parametrize(("tracking", "rows"), [(GRANTED, 9), (DENIED, 9), (UNKNOWN, 3)])
def test_tracking_words_are_appended_and_copied(run: Importer, tracking: int, rows: int) -> None:
    run(MESS, tracking=tracking)

    assert Consent.objects.count() == rows
    assert set(Contact.objects.values_list("open_consent", "click_consent")) == {(tracking, tracking)}


def test_the_same_file_again_writes_nothing(run: Importer) -> None:
    run(MESS)
    before = list(Contact.objects.order_by("pk").values())

    again = run(MESS)

    assert counts(again) == (0, 0, 3, 4)
    assert list(Contact.objects.order_by("pk").values()) == before
    assert Consent.objects.count() == 3


def test_changed_cells_are_written_and_empty_ones_are_not(run: Importer) -> None:
    run("email,first_name,last_name,city\nlea@courriel.example,Léa,Roux,Lyon\n")

    again = run("email,first_name,last_name,city\nlea@courriel.example,,Thévenet,\n")

    lea = Contact.objects.get()
    assert counts(again) == (0, 1, 0, 0)
    assert (lea.first_name, lea.last_name, lea.sort_key) == ("Léa", "Thévenet", "thevenet lea")
    assert list(lea.fields.values()) == ["Lyon"]


def test_known_people_join_a_new_list_and_count_as_changed(run: Importer, camille: Contact) -> None:
    Subscription.objects.all().delete()

    job = run(f"email\n{camille.address}\n", tracking=GRANTED)

    camille.refresh_from_db()
    assert counts(job) == (0, 1, 0, 0)
    assert camille.subscriptions.get().state == Subscription.State.SUBSCRIBED
    assert (camille.open_consent, camille.click_consent) == (GRANTED, GRANTED)


def test_duplicates_across_chunks_are_refused(run: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.imports.running.Source", small_chunks)

    job = run("email\n" + "".join(f"p{n}@courriel.example\n" for n in (0, 1, 2, 3, 0, 4, 1, 5, 3)))

    assert counts(job) == (6, 0, 0, 3)
    assert job.reasons == {"duplicate": 3}
    assert [row["line"] for row in refused_rows(job)] == ["6", "8", "10"]
    assert set(ImportedContact.objects.values_list("effect", flat=True)) == {ImportedContact.Effect.CREATED}


def small_chunks(**words: object) -> chunks_module.Source:
    return chunks_module.Source(**(words | {"chunk_rows": 2}))  # type: ignore[arg-type]


def test_attributes_become_fields(run: Importer) -> None:
    run(
        "email,name,attributes\n"
        'lea@courriel.example,Léa Thévenet,"{""city"": ""Lyon"", ""language"": ""fr"", ""n"": 3, ""tags"": [""a""]}"\n'
        'marc@courriel.example,Marc,"{""city"": ""Nantes""}"\n'
        "bad@courriel.example,Bad,{oops\n"
    )

    keys = dict(ContactField.objects.values_list("pk", "key"))
    lea = Contact.objects.get(address_key="lea@courriel.example")
    assert {keys[int(number)]: value for number, value in lea.fields.items()} == {
        "city": "Lyon",
        "n": "3",
        "tags": '["a"]',
    }
    assert (lea.first_name, lea.last_name, lea.language) == ("Léa", "Thévenet", "fr")
    assert not Contact.objects.filter(address_key="bad@courriel.example").exists()


def test_values_that_do_not_fit_their_field_are_refused(run: Importer) -> None:
    ContactField.objects.create(key="age", label="Age", kind=ContactField.Kind.NUMBER)

    job = run("email,age\nlea@courriel.example,41\nmarc@courriel.example,douze\n")

    assert job.reasons == {"value": 1}
    assert "douze" in refused_rows(job)[0]["explanation"]
    assert list(Contact.objects.get().fields.values()) == [41]


def test_refused_file_is_safe_to_open_and_to_import_again(run: Importer) -> None:
    first = run("email;ville\n@broken;=HYPERLINK(1)\n;-2\n")
    text = Path(first.refused_file.path).read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK(1)" in text

    again = run(text.replace("'@broken", "lea@courriel.example"))

    assert counts(again) == (1, 0, 0, 1)
    assert list(Contact.objects.get().fields.values()) == ["=HYPERLINK(1)"]


def test_a_file_without_addresses_is_refused_with_its_columns(release: Importer) -> None:
    with pytest.raises(ImportRefused, match="Columns found: city, plan"):
        release("city,plan\nLyon,pro\n")


def test_an_import_without_a_source_is_refused(release: Importer, newsletter: ContactList) -> None:
    job = ContactImport.objects.create(file_name="x", file_size=1, state=ContactImport.State.MATCHED)

    with pytest.raises(ImportRefused, match="where the consent comes from"):
        state_consent(job=job, contact_list=newsletter, consent_source=" ", tracking_consent=0)
    with pytest.raises(ImportRefused, match="where the consent comes from"):
        start_import(job=job)


def test_a_started_import_cannot_be_matched_again(release: Importer) -> None:
    job = release("email\nlea@courriel.example\n")

    with pytest.raises(ImportRefused, match="started already"):
        match_columns(job=job, mapping=job.mapping)


def test_list_deleted_meanwhile_fails_in_a_sentence(release: Importer, newsletter: ContactList) -> None:
    job = release("email\nlea@courriel.example\n")
    newsletter.delete()

    done = run_import(job.pk)

    assert done is not None
    assert done.state == ContactImport.State.FAILED
    assert "list was deleted" in done.error
    assert not Contact.objects.exists()


def test_an_import_runs_once(release: Importer) -> None:
    job = release("email\nlea@courriel.example\n")

    assert run_import(job.pk) is not None
    assert run_import(job.pk) is None


def test_the_uploaded_file_is_not_kept(run: Importer) -> None:
    assert not Path(run(MESS).file.path).exists()


def test_two_lists_two_imports_one_person(run: Importer, camille: Contact, statement: object) -> None:
    sales = create_list(name="Private sales")
    subscribe(contact=camille, contact_list=sales, statement=camille.consents.all()[0].statement)

    run(f"email\n{camille.address}\n")

    assert Contact.objects.count() == 1
    assert camille.subscriptions.count() == 2


_WORD = st.text(alphabet="abcdeéß\"',;\n =+", max_size=6)
_ADDRESS = st.one_of(
    st.sampled_from(["a@x.example", "A@X.EXAMPLE", " b@x.example", "", "broken", "é@x.example"]), _WORD
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_ADDRESS, _WORD, _WORD), min_size=1, max_size=12).filter(lambda rows: any(map(any, rows))))
def test_every_row_of_any_file_is_counted_once(release: Importer, rows: list[tuple[str, str, str]]) -> None:
    known = set(Contact.objects.values_list("address_key", flat=True))
    path_rows = [("email", "first_name", "ville"), *rows]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in path_rows) + "\n"

    job = run_import(release(text).pk)

    assert job is not None
    filled = [row for row in rows if any(row)]
    keys = [key for address, *_rest in filled if (key := key_or_none(address))]
    assert job.row_count == len(filled) == sum(counts(job))
    assert job.created_count == len(set(keys) - known)
    assert job.reasons.get("duplicate", 0) == len(keys) - len(set(keys))
    assert job.reasons.get("missing", 0) == sum(1 for address, *_rest in filled if not address.strip())


def key_or_none(address: str) -> str | None:
    try:
        return address_key(address)
    except BrokenAddress:
        return None


def test_no_character_of_a_cell_is_one_of_the_format(run: Importer) -> None:
    """What separates and quotes on the way to the server may stand in any cell."""
    odd = 'a "quoted" \\N back\\slash\ttab \x1f\x01 é\nline, and words enough for this to be a text'
    job = run("email,first_name,note\n" + f'lea@courriel.example,"{odd}","{odd}"\n'.replace('"quoted"', '""quoted""'))

    person = Contact.objects.get()
    note = ContactField.objects.get(key="note")
    assert (job.state, counts(job)) == (ContactImport.State.DONE, (1, 0, 0, 0))
    assert person.first_name == 'a "quoted" \\N back\\slash tab é line, and words enough for this to be a text'
    assert person.fields == {str(note.pk): odd}


def test_new_people_get_uuids_of_their_own(run: Importer) -> None:
    run("email\n" + "".join(f"p{n}@courriel.example\n" for n in range(50)))

    made = set(Contact.objects.values_list("uuid", flat=True))
    assert len(made) == 50
    assert {(uuid.version, uuid.variant) for uuid in made} == {(7, "specified in RFC 4122")}


def test_tags_of_each_row(run: Importer, camille: Contact) -> None:
    """As Mailchimp writes them; whoever leaves again with an undo loses those of this import alone."""
    tag_contact(contact=camille, name="vip")
    job = run(
        "email,tags\n"
        f'{camille.address},"vip, salon de Lyon"\n'
        'lea@courriel.example,"""vip"",""newsletter"",""vip"""\n'
        "marc@courriel.example,\n"
    )

    def tags() -> dict[str, list[str]]:
        links = ContactTag.objects.order_by("contact", "tag__name").values_list("contact__address_key", "tag__name")
        found: dict[str, list[str]] = {}
        for key, name in links:
            found.setdefault(key.partition("@")[0], []).append(name)
        return found

    assert tags() == {"camille.roux": ["salon de Lyon", "vip"], "lea": ["newsletter", "vip"]}

    start_undo(job=job)
    undo_import(job.pk)
    assert tags() == {"camille.roux": ["vip"]}


def test_a_column_of_something_else_is_no_column_of_tags(release: Importer) -> None:
    rows = "".join(f"p{n}@courriel.example,note number {n}\n" for n in range(501))
    done = run_import(release("email,tags\n" + rows).pk)

    assert done is not None
    assert done.state == ContactImport.State.FAILED
    assert "names more than 500 different ones" in done.error
    assert not Tag.objects.exists()
