"""Exports of other platforms: who was subscribed joins, everybody else is kept out. Never the other way."""

import pytest

from contacts.imports.recognising import recognise
from contacts.models import Contact, ContactImport, ContactList, Suppression
from tests.contacts.imports.conftest import Importer

MAILCHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID,TAGS"
REASON, SCOPE = Suppression.Reason, Suppression.Scope


def kept_out() -> dict[str, tuple[int, int]]:
    rows = Suppression.objects.values_list("address_key", "reason", "scope")
    return {str(key).partition("@")[0]: (reason, scope) for key, reason, scope in rows}


def joined(newsletter: ContactList) -> list[str]:
    people = Contact.objects.on_list(newsletter).order_by("address_key")
    return [row.address_key.partition("@")[0] for row in people]


def test_mailchimp_subscribed(run: Importer, newsletter: ContactList) -> None:
    job = run(f"{MAILCHIMP}\nlea@courriel.example,Léa,Roux,2,2024-01-01 10:00:00,1,abc,\n")

    assert job.recognised == "mailchimp"
    assert joined(newsletter) == ["lea"]
    assert Contact.objects.get().fields == {}  # columns about Mailchimp are left out


@pytest.mark.parametrize(
    ("columns", "recognised", "kept"),
    [
        (
            "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON",
            "mailchimp-unsubscribed",
            (REASON.UNSUBSCRIBED, SCOPE.MARKETING),
        ),
        ("CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_ID", "mailchimp-cleaned", (REASON.HARD_BOUNCE, SCOPE.ALL)),
    ],
)
def test_mailchimp_who_left_and_who_is_dead(
    run: Importer, newsletter: ContactList, columns: str, recognised: str, kept: tuple[int, int]
) -> None:
    job = run(f"{MAILCHIMP},{columns}\nlea@courriel.example,Léa,Roux,2,,1,abc,,2024-01-01,x,y\n")

    assert (job.recognised, job.kind) == (recognised, ContactImport.Kind.SUPPRESS)
    assert kept_out() == {"lea": kept}
    assert not Contact.objects.exists()


def test_brevo(run: Importer, newsletter: ContactList) -> None:
    job = run(
        "CONTACT ID;EMAIL;PRENOM;NOM;EMAIL_BLOCKLISTED;ADDED_TIME\n"
        "1;lea@courriel.example;Léa;Roux;false;2024-01-01\n"
        "2;marc@courriel.example;Marc;Roux;true;2024-01-01\n"
    )

    assert job.recognised == "brevo"
    assert joined(newsletter) == ["lea"]
    assert kept_out() == {"marc": (REASON.UNSUBSCRIBED, SCOPE.MARKETING)}


def test_listmonk(run: Importer, newsletter: ContactList) -> None:
    job = run(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'a,lea@courriel.example,Léa Roux,"{""city"": ""Lyon""}",enabled,x,y\n'
        "b,marc@courriel.example,Marc,{},blocklisted,x,y\n"
        "c,zoe@courriel.example,Zoé,{},disabled,x,y\n"
    )

    assert job.recognised == "listmonk"
    assert joined(newsletter) == ["lea"]
    assert kept_out() == {"marc": (REASON.UNSUBSCRIBED, SCOPE.MARKETING), "zoe": (REASON.MANUAL, SCOPE.MARKETING)}
    assert (job.created_count, job.kept_out_count) == (3, 2)


def test_mautic(run: Importer, newsletter: ContactList) -> None:
    job = run(
        "id,points,firstname,lastname,email,dnc\n"
        "1,0,Léa,Roux,lea@courriel.example,0\n"
        "2,0,Marc,Roux,marc@courriel.example,1\n"
        "3,0,Zoé,Roux,zoe@courriel.example,2\n"
    )

    assert job.recognised == "mautic"
    assert joined(newsletter) == ["lea"]
    assert kept_out() == {"marc": (REASON.UNSUBSCRIBED, SCOPE.MARKETING), "zoe": (REASON.HARD_BOUNCE, SCOPE.ALL)}


def test_who_was_on_the_list_and_has_left_elsewhere_is_not_reached(run: Importer, camille: Contact) -> None:
    job = run(f"email,status\n{camille.address},unsubscribed\n")

    assert job.kept_out_count == 1
    assert not Contact.objects.mailable().exists()


def test_subscribed_there_does_not_lift_anything_here(run: Importer, newsletter: ContactList) -> None:
    run("email,status\nlea@courriel.example,unsubscribed\n")

    run("email,status\nlea@courriel.example,subscribed\n")

    assert joined(newsletter) == []
    assert kept_out() == {"lea": (REASON.UNSUBSCRIBED, SCOPE.MARKETING)}


def test_a_word_nobody_understands_is_refused(matched: Importer) -> None:
    job = matched("email,status\nlea@courriel.example,subscribed\nmarc@courriel.example,vielleicht\n")

    assert job.mapping["1"] != "status"  # not taken for one by itself


def test_a_word_nobody_understands_subscribes_nobody(release: Importer, newsletter: ContactList) -> None:
    from contacts.imports import run_import

    job = release("email,status\nlea@courriel.example,vielleicht\n")
    ContactImport.objects.filter(pk=job.pk).update(mapping={"0": "address", "1": "status"})

    done = run_import(job.pk)

    assert done is not None
    assert done.reasons == {"value": 1}
    assert "“vielleicht” says neither" in done.refused_file.read().decode()
    assert not Contact.objects.exists()


def test_a_table_of_ones_own_is_nobodys_export() -> None:
    assert recognise(["email", "city"]) is None
