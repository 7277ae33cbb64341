"""The import in the browser, step by step; the task is run by the test, as a worker would."""

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from contacts.models import ConsentState, Contact, ContactField, ContactImport, ContactList, ContactTag, Suppression
from contacts.tasks import run_import
from tests.contacts.imports.conftest import Importer, zipped
from tests.contacts.imports.test_run import MESS


def upload(client: Client, content: bytes = MESS.encode()) -> ContactImport:
    response = client.post(reverse("contacts:new_import"), {"file": SimpleUploadedFile("people.csv", content)})
    assert response.status_code == 302
    return ContactImport.objects.latest("pk")


def step(client: Client, name: str, job: ContactImport, form: dict[str, object] | None = None) -> str:
    url = reverse(f"contacts:{name}", args=[job.pk])
    response = client.get(url) if form is None else client.post(url, form)
    return response.content.decode() if response.status_code == 200 else response["Location"]


MATCH = {
    "column_0": "address",
    "column_1": "first_name",
    "column_2": "last_name",
    "column_3": "new:city",
    "column_4": "language",
}
CONSENT = {
    "kind": "people",
    "contact_list": "",
    "new_list": "Salon",
    "consent_source": "fair of Lyon",
    "tracking_consent": "1",
    "tags": "fair, Lyon",
}


def test_walk_from_the_file_to_the_report(
    team_client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = upload(team_client)
    assert "4 columns of 5 were recognised" in step(team_client, "import_columns", job)

    assert step(team_client, "import_columns", job, MATCH) == reverse("contacts:import_consent", args=[job.pk])
    with mock.patch.object(run_import, "delay") as rung, django_capture_on_commit_callbacks(execute=True):
        assert step(team_client, "import_consent", job, CONSENT) == reverse("contacts:import_check", args=[job.pk])
    rung.assert_called_once_with(job.pk)
    assert "You can close this page: the dry run goes on." in step(team_client, "import_check", job)
    run_import(job.pk)
    checked = step(team_client, "import_check", job)
    assert "7 rows read." in checked
    assert "Import 3 contacts" in checked
    assert "“two@@courriel.example” is not a valid address." in checked
    assert not Contact.objects.exists()
    for kind in ("new", "changed", "refused", "out"):
        page = team_client.get(reverse("contacts:import_findings", args=[job.pk, kind]))
        assert page.status_code == 200

    with mock.patch.object(run_import, "delay") as rung, django_capture_on_commit_callbacks(execute=True):
        step(team_client, "import_check", job, {})
    rung.assert_called_once_with(job.pk)
    assert "You can close this page: the import goes on." in step(team_client, "import", job)
    run_import(job.pk)

    report = step(team_client, "import", job)
    assert "Download these rows" in report
    assert "every 1s" not in report
    assert Contact.objects.on_list(ContactList.objects.get(name="Salon")).count() == 3
    assert set(Contact.objects.values_list("open_consent", flat=True)) == {ConsentState.GRANTED}
    assert ContactField.objects.get().key == "city"
    refused = team_client.get(reverse("contacts:import_refused", args=[job.pk]))
    assert b"two@@courriel.example" in b"".join(refused)  # type: ignore[arg-type]
    assert "people-refused.csv" in refused["Content-Disposition"]
    assert ContactTag.objects.count() == 6

    with mock.patch.object(run_import, "delay"), django_capture_on_commit_callbacks(execute=True):
        step(team_client, "undo_import", job, {})
    assert "The import is being undone" in step(team_client, "import", job)
    run_import(job.pk)
    assert "New people removed: 3." in step(team_client, "import", job)
    assert not Contact.objects.exists()


def test_progress_is_a_part_of_the_page_for_htmx(team_client: Client, release: Importer) -> None:
    job = release(MESS)
    url = reverse("contacts:import", args=[job.pk])

    part = team_client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith('<div class="ev-stack" id="live"')
    assert 'hx-trigger="every 1s"' in part


@pytest.mark.parametrize(
    ("content", "word"), [(b"", "empty"), (b"PK\x03\x04xx", "damaged ZIP"), (bytes(range(256)) * 9, "not a text")]
)
def test_files_that_are_no_table_are_refused_at_the_field(team_client: Client, content: bytes, word: str) -> None:
    page = team_client.post(reverse("contacts:new_import"), {"file": SimpleUploadedFile("x.csv", content)})

    assert word in page.content.decode()
    assert not ContactImport.objects.exists()


def test_columns_without_an_address_are_refused(team_client: Client) -> None:
    job = upload(team_client)

    assert "No column holds e-mail addresses" in step(team_client, "import_columns", job, MATCH | {"column_0": ""})


def test_a_target_nobody_offered_is_refused(team_client: Client) -> None:
    job = upload(team_client)

    step(team_client, "import_columns", job, MATCH | {"column_1": "field:999"})

    job.refresh_from_db()
    assert job.state == ContactImport.State.UPLOADED


def test_consent_is_asked_for(team_client: Client) -> None:
    job = upload(team_client)
    step(team_client, "import_columns", job, MATCH)

    assert "Say where the consent comes from" in step(
        team_client, "import_consent", job, CONSENT | {"consent_source": ""}
    )
    assert "give a new one a name" in step(team_client, "import_consent", job, CONSENT | {"new_list": " "})
    assert step(team_client, "import_check", job) == reverse("contacts:import_consent", args=[job.pk])


def test_an_import_is_given_up(team_client: Client) -> None:
    job = upload(team_client)
    path = job.file.path

    step(team_client, "stop_import", job, {})

    job.refresh_from_db()
    assert job.state == ContactImport.State.CANCELLED
    with pytest.raises(FileNotFoundError):
        Path(path).read_bytes()


def test_a_finished_import_is_removed_and_its_people_stay(team_client: Client, run: Importer) -> None:
    job = run(MESS)

    step(team_client, "remove_import", job, {})

    assert not ContactImport.objects.exists()
    assert Contact.objects.count() == 3


def test_people_who_must_not_be_mailed(
    team_client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = upload(team_client)
    step(team_client, "import_columns", job, MATCH)
    assert "Say why these people" in step(
        team_client, "import_consent", job, {"kind": "suppress", "tracking_consent": "0"}
    )

    given = {"kind": "suppress", "suppression_reason": "20", "tracking_consent": "0"}
    with mock.patch.object(run_import, "delay"), django_capture_on_commit_callbacks(execute=True):
        step(team_client, "import_consent", job, given)
    run_import(job.pk)
    assert "Suppress 3 addresses" in step(team_client, "import_check", job)
    step(team_client, "import_check", job, {})
    run_import(job.pk)

    assert "Suppressed" in step(team_client, "import", job)
    assert set(Suppression.objects.values_list("reason", "scope")) == {(20, 1)}
    assert Suppression.objects.count() == 3
    assert not Contact.objects.exists()


def test_columns_are_matched_as_the_last_time(team_client: Client) -> None:
    step(team_client, "import_columns", upload(team_client), MATCH | {"column_3": ""})

    again = upload(team_client)

    assert again.mapping["3"] == ""
    assert "Matched as the last time" in step(team_client, "import_columns", again)


def test_tables_of_a_zip_are_shown_with_what_will_happen(team_client: Client) -> None:
    content = zipped(
        {
            "subscribed.csv": "Email Address,First Name,MEMBER_RATING,LEID\nlea@courriel.example,Léa,2,1\n",
            "cleaned.csv": "Email Address,MEMBER_RATING,CLEAN_TIME\nold@courriel.example,2,2024-01-01\n",
        }
    )

    response = team_client.post(
        reverse("contacts:new_import"), {"file": SimpleUploadedFile("export.zip", content)}, follow=True
    )

    page = response.content.decode()
    assert page.index("cleaned.csv") < page.index("subscribed.csv")
    assert "all of them are suppressed as dead" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_a_dry_run_costs_the_same_for_any_number_of_findings(
    team_client: Client, tried: Importer, count: int, django_assert_num_queries: Any
) -> None:
    job = tried("email\n" + "".join(f"p{n}@courriel.example\n" for n in range(count)) + "broken\n" * count)
    url = reverse("contacts:import_check", args=[job.pk])
    team_client.get(url)

    with django_assert_num_queries(CHECK_QUERIES):
        team_client.get(url)


CHECK_QUERIES = 14
