"""A whole audience of Mailchimp in one ZIP: one answer, one start, and everybody ends up where they were."""

from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from contacts.imports import (
    Answer,
    ImportRefused,
    match_columns,
    open_files,
    run_import,
    start_all,
    sweep_unstarted,
    try_all,
    try_import,
    waiting_imports,
)
from contacts.models import ConsentState, Contact, ContactImport, ContactList, Suppression
from contacts.tasks import run_import as run_task
from tests.contacts.imports.conftest import zipped

OWN = "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION"
HEAD = f"Email Address,First Name,Last Name,Address,Phone Number,Birthday,{OWN},LAST_CHANGED"
REST = "2,2021-03-04 10:00:00,90.1.2.3,2021-03-04 10:01:00,90.1.2.3,45.7,4.8,1,2,Europe/Paris,FR,ARA,2024-01-01 9:00:00"
ID = "LEID,EUID,NOTES,TAGS"
LEFT = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER"
DEAD = "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID"
SUBSCRIBED = "".join(
    f'{who}@courriel.example,{who},Roux,"12 rue A, Lyon",,05/17,{REST},1,ab,,"""vip"""\n'
    for who in ("lea", "marc", "left")
)
END = "email_audience_export_0c1f.csv"
AUDIENCE = {
    f"subscribed_{END}": f"{HEAD},{ID}\n{SUBSCRIBED}",
    f"unsubscribed_{END}": f"{HEAD},{LEFT},{ID}\nleft@courriel.example,L,Roux,,,,{REST},2024-02-02,x,1,n,,1,ab,,\n",
    f"cleaned_{END}": f"{HEAD},{DEAD},{ID}\ndead@courriel.example,D,Roux,,,,{REST},2024-02-02,x,1,1,ab,,\n",
    f"nonsubscribed_{END}": f"{HEAD},{ID}\nbuyer@courriel.example,B,Roux,,,,{REST},1,ab,,\n",
}
REASON = Suppression.Reason


@pytest.fixture
def audience(db: None) -> list[ContactImport]:
    return open_files(file=ContentFile(zipped(AUDIENCE)), file_name="audience.zip", user=None)


def answer_of(newsletter: ContactList) -> Answer:
    return Answer(contact_list=newsletter, consent_source="Mailchimp since 2021", tracking_consent=ConsentState.UNKNOWN)


def test_an_audience_in_one_go(audience: list[ContactImport], newsletter: ContactList) -> None:
    job = audience[0]
    for number in try_all(job=job, answer=answer_of(newsletter)):
        try_import(number)
    assert not Contact.objects.exists()
    assert not Suppression.objects.exists()

    numbers = start_all(job=job)
    assert [run_import(number) is not None for number in numbers] == [True] * 4

    assert sorted(Contact.objects.on_list(newsletter).values_list("address_key", flat=True)) == [
        "lea@courriel.example",
        "marc@courriel.example",
    ]
    assert dict(Suppression.objects.values_list("address_key", "reason")) == {
        "left@courriel.example": REASON.UNSUBSCRIBED,
        "dead@courriel.example": REASON.HARD_BOUNCE,
        "buyer@courriel.example": REASON.UNSUBSCRIBED,
    }
    assert set(ContactImport.objects.values_list("state", flat=True)) == {"done"}


def test_people_wait_for_those_who_must_not_be_mailed(audience: list[ContactImport], newsletter: ContactList) -> None:
    for number in try_all(job=audience[0], answer=answer_of(newsletter)):
        try_import(number)
    *kept_out, people = start_all(job=audience[0])

    assert people not in waiting_imports()
    assert run_import(people) is None
    for number in kept_out:
        run_import(number)
    assert waiting_imports() == [people]
    assert run_import(people) is not None


def test_columns_chosen_for_one_table_hold_for_those_of_the_same_titles(db: None, newsletter: ContactList) -> None:
    table = "one,two\nlea@courriel.example,{}@perso.example\n"
    first, second = open_files(
        file=ContentFile(zipped({"a.csv": table.format("lea"), "b.csv": table.format("marc")})),
        file_name="two.zip",
        user=None,
    )
    match_columns(job=first, mapping={"0": "", "1": "address"})

    try_all(job=first, answer=answer_of(newsletter))

    second.refresh_from_db()
    assert second.mapping == {"0": "", "1": "address"}


def test_all_or_none_and_the_table_is_named(db: None, newsletter: ContactList) -> None:
    tables = {"a.csv": "email\nlea@courriel.example\n", "b.csv": "name,city\nLéa,Lyon\n"}
    first, _second = open_files(file=ContentFile(zipped(tables)), file_name="two.zip", user=None)

    with pytest.raises(ImportRefused, match=r"^b\.csv: No column holds e-mail addresses"):
        try_all(job=first, answer=answer_of(newsletter))

    assert set(ContactImport.objects.values_list("state", flat=True)) == {"uploaded"}


def test_the_pages_from_the_zip_to_the_reports(
    team_client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    file = SimpleUploadedFile("audience.zip", zipped(AUDIENCE))
    url = team_client.post(reverse("contacts:new_import"), {"file": file})["Location"]
    page = team_client.get(url).content.decode()
    assert "never subscribed" in page
    assert "Start the dry run of all" in page

    asked = team_client.post(url, {"new_list": "Salon", "tracking_consent": "0"})
    assert "people may only be written to on proof" in asked.content.decode()
    given = {"new_list": "Salon", "consent_source": "Mailchimp", "tracking_consent": "0", "tags": "mailchimp"}
    with mock.patch.object(run_task, "delay") as rung, django_capture_on_commit_callbacks(execute=True):
        assert team_client.post(url, given)["Location"] == url
    assert rung.call_count == 4
    assert "every 1s" in team_client.get(url, headers={"HX-Request": "true"}).content.decode()
    with mock.patch.object(run_task, "delay"):
        for call in rung.call_args_list:
            run_task(*call.args)
    assert team_client.get(url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "Import all" in team_client.get(url).content.decode()

    with mock.patch.object(run_task, "delay") as rung, django_capture_on_commit_callbacks(execute=True):
        team_client.post(reverse("contacts:start_parcel", args=[ContactImport.objects.earliest("pk").pk]))
    with mock.patch.object(run_task, "delay"):
        for call in rung.call_args_list:
            run_task(*call.args)
    assert set(ContactImport.objects.values_list("state", flat=True)) == {"done"}
    assert "Import all" not in team_client.get(url).content.decode()


def test_files_nobody_starts_are_deleted_after_two_weeks(audience: list[ContactImport]) -> None:
    now = timezone.now()
    old, young = audience[:2]
    ContactImport.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=15))
    path = Path(old.file.path)
    assert path.exists()

    assert sweep_unstarted(at=now) == 1

    old.refresh_from_db()
    assert (old.state, path.exists()) == ("cancelled", False)
    assert old.error == "Nobody started it for 14 days, so the file was deleted."
    assert young.kept_until is not None
    assert Path(young.file.path).exists()
    assert sweep_unstarted(at=now) == 0
