"""Contacts as a file: what the filter shows, harmless to open, gone after a week."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEntry, User
from contacts.exports import ask_export, link_token, remove_expired, run_export, waiting_exports
from contacts.filters import EVERYBODY, Group, Rule
from contacts.models import Contact, ContactExport, ContactField, ContactList, ContactTag, Tag

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def files_of_this_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    translation.activate("en")


@pytest.fixture
def formula(camille: Contact) -> Contact:
    field = ContactField.objects.create(key="note", label="=note")
    Contact.objects.filter(pk=camille.pk).update(first_name="=cmd|' /C calc'!A1", fields={str(field.pk): "+33 1"})
    return camille


def only(subject: str, operator: str, value: object) -> Group:
    return Group("all", (Rule(subject, operator, (str(value),)),))


def made(user: User, *, tree: Group = EVERYBODY, format: str = "csv") -> ContactExport:
    done = run_export(ask_export(tree=tree, format=format, user=user).pk)
    assert done is not None
    return done


def test_csv_cells_are_no_formulas(ines: User, formula: Contact) -> None:
    job = made(ines)

    assert (job.state, job.row_count) == (ContactExport.State.DONE, 1)
    with Path(job.file.path).open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["First name"] == "'=cmd|' /C calc'!A1"
    assert row["'=note"] == "'+33 1"
    assert row["E-mail address"] == formula.address


def test_xlsx_cells_are_no_formulas(ines: User, formula: Contact) -> None:
    job = made(ines, format="xlsx")

    sheet = openpyxl.load_workbook(job.file.path).worksheets[0]
    assert [cell.data_type for cell in sheet[2]][:2] == ["s", "s"]
    assert sheet["B2"].value == "'=cmd|' /C calc'!A1"


def test_the_filter_is_obeyed(ines: User, camille: Contact, newsletter: ContactList) -> None:
    Contact.objects.create(address="lea@courriel.example", address_key="lea@courriel.example", sort_key="lea")
    ContactTag.objects.create(tag=Tag.objects.create(name="vip"), contact=camille)

    assert made(ines).row_count == 2
    assert made(ines, tree=only("list", "on", newsletter.pk)).row_count == 1
    assert made(ines, tree=only("text", "contains", "lea")).row_count == 1
    assert made(ines, tree=only("tag", "any", Tag.objects.get().pk)).row_count == 1


def test_files_go_after_a_week(ines: User, camille: Contact) -> None:
    job = made(ines)
    path = Path(job.file.path)
    assert remove_expired() == 0

    ContactExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert remove_expired() == 1
    assert not path.exists()
    job.refresh_from_db()
    assert job.state == ContactExport.State.EXPIRED


def test_one_that_died_is_found_and_begins_anew(ines: User, camille: Contact) -> None:
    job = ask_export(tree=EVERYBODY, format="csv", user=ines)
    ContactExport.objects.update(state=ContactExport.State.RUNNING, lease_until=NOW, row_count=9)

    assert waiting_exports() == [job.pk]
    done = run_export(job.pk)

    assert done is not None
    assert (done.row_count, waiting_exports(), run_export(job.pk)) == (1, [], None)


def test_asked_for_on_the_page_and_fetched_by_a_signed_link(team_client: Client, camille: Contact) -> None:
    response = team_client.post(reverse("contacts:new_export"), {"q": "camille", "format": "csv"})
    assert response["Location"] == reverse("contacts:exports")
    job = ContactExport.objects.get()
    assert job.filter == only("text", "contains", "camille").to_json()
    run_export(job.pk)

    link = reverse("contacts:export_file", args=[link_token(job)])
    assert link in team_client.get(reverse("contacts:exports")).content.decode()
    assert camille.address.encode() in b"".join(team_client.get(link))  # type: ignore[arg-type]
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["contacts.export", "contacts.export.fetch"]
    for forged in (f"{job.pk}:x:y", link_token(job)[:-2] + "xx", "1"):
        assert team_client.get(reverse("contacts:export_file", args=[forged])).status_code == 404


def test_a_filter_nobody_offers_is_refused(team_client: Client, camille: Contact) -> None:
    team_client.post(reverse("contacts:new_export"), {"state": "x'; drop", "format": "csv"})

    assert not ContactExport.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_any_number(
    team_client: Client, ines: User, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        ask_export(tree=EVERYBODY, format="csv", user=ines)
    team_client.get(reverse("contacts:exports"))

    with django_assert_num_queries(QUERIES):
        team_client.get(reverse("contacts:exports"))


QUERIES = 6
