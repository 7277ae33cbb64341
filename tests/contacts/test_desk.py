"""The team's side: lists, the builder of forms, proofs."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, User
from contacts.models import ConsentStatement, Contact, ContactField, ContactList, SubscribeForm, Suppression
from contacts.services import LiftRefused, lift_suppression, pause_contact

ENTERED = {
    "name": "Site footer", "slug": "", "language": "fr", "is_active": "on", "ask_first_name": "optional",
    "title_fr": "La lettre", "consent_fr": "Oui, je la veux", "button_fr": "M’abonner",
}  # fmt: skip


def test_a_list_is_made_with_what_it_is_for(team_client: Client) -> None:
    team_client.post(
        "/contacts/lists/new/",
        {"name": "Ventes privées", "purpose": "Offres aux clients", "legal_basis": "customer", "is_public": "on"},
    )

    made = ContactList.objects.get()
    assert (made.legal_basis, made.purpose, made.is_double_opt_in) == ("customer", "Offres aux clients", False)
    assert AuditEntry.objects.get().verb == "list.add"


def test_a_list_is_removed_and_its_people_stay(team_client: Client, camille: Contact, newsletter: ContactList) -> None:
    team_client.post(f"/contacts/lists/{newsletter.pk}/remove/")

    assert not ContactList.objects.exists()
    assert camille.consents.exists()


@pytest.mark.parametrize("path", ["/contacts/lists/", "/contacts/forms/"])
def test_tables_cost_the_same_for_one_row_and_three(team_client: Client, path: str) -> None:
    def add(number: int) -> None:
        made = ContactList.objects.create(name=f"List {number}")
        SubscribeForm.objects.create(name=f"Form {number}", slug=f"form-{number}").lists.set([made])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            team_client.get(path)
        return len(queries)

    add(1)
    cost()
    one = cost()
    add(2)
    add(3)

    assert cost() == one


def test_a_form_is_built_and_its_words_are_versioned(team_client: Client, newsletter: ContactList) -> None:
    answer = team_client.post("/contacts/forms/new/", ENTERED | {"lists": [newsletter.pk]})

    made = SubscribeForm.objects.get()
    assert answer.status_code == 302
    assert (made.slug, made.fields) == ("site-footer", [{"key": "first_name", "is_required": False}])
    assert list(made.words) == ["fr"]
    team_client.post(
        f"/contacts/forms/{made.pk}/", ENTERED | {"lists": [newsletter.pk], "consent_fr": "Oui, deux par mois"}
    )
    versions = ConsentStatement.objects.filter(source="Site footer").order_by("version")
    assert [row.wording for row in versions] == ["Oui, je la veux", "Oui, deux par mois"]


def test_a_form_must_say_what_people_agree_to(team_client: Client, newsletter: ContactList) -> None:
    page = team_client.post(
        "/contacts/forms/new/", ENTERED | {"lists": [newsletter.pk], "consent_fr": "", "asks_tracking": "on"}
    )

    assert page.status_code == 200
    assert not SubscribeForm.objects.exists()


def test_preview_shows_what_is_entered_and_stores_nothing(team_client: Client, newsletter: ContactList) -> None:
    size = ContactField.objects.create(key="size", label="Pointure")
    entered = ENTERED | {"lists": [newsletter.pk], f"ask_field:{size.pk}": "required", "title_fr": "<b>La lettre</b>"}

    page = team_client.post("/contacts/forms/preview/", entered).content.decode()

    assert "&lt;b&gt;La lettre" in page and "Pointure" in page and "Oui, je la veux" in page
    assert not SubscribeForm.objects.exists()


def test_snippet_is_plain_html_that_really_subscribes(
    team_client: Client, client: Client, newsletter: ContactList
) -> None:
    team_client.post("/contacts/forms/new/", ENTERED | {"lists": [newsletter.pk]})
    made = SubscribeForm.objects.get()
    page = team_client.get(f"/contacts/forms/{made.pk}/").content.decode()

    assert "/s/site-footer/" in page
    assert "&lt;form method=&quot;post&quot;" in page
    assert "&lt;script" not in page and "style=" not in page.partition("snippet-fr")[2].partition("</textarea>")[0]
    client.post("/s/site-footer/", {"language": "fr", "website": "", "email": "lea@courriel.example", "consent": "on"})
    assert Contact.objects.filter(address="lea@courriel.example").exists()


def test_proof_is_a_document_and_json(team_client: Client, camille: Contact) -> None:
    page = team_client.get(f"/contacts/{camille.pk}/proof/")
    told = json.loads(team_client.get(f"/contacts/{camille.pk}/proof/?format=json").content)

    assert "attachment" in page["Content-Disposition"]
    assert "Stand at the fair of Lyon, May 2026" in page.content.decode()
    assert told["address"] == camille.address
    assert told["consents"][1]["list"] == "Newsletter Maison"


def test_a_complaint_is_taken_back_by_administrators_only(db: None, ines: User, olivier: User) -> None:
    complaint = Suppression.objects.create(address_key="lea@courriel.example", reason=23, scope=0)

    with pytest.raises(LiftRefused):
        lift_suppression(suppression=complaint, user=ines)
    lift_suppression(suppression=complaint, user=olivier)

    assert not Suppression.objects.exists()
    assert AuditEntry.objects.get(verb="suppression.lift").user == olivier


def test_team_erases_somebody_who_asked_for_it(team_client: Client, camille: Contact) -> None:
    team_client.post(f"/contacts/{camille.pk}/remove/", {"erase": "1"})

    assert not Contact.objects.exists()
    assert Suppression.objects.get().reason == Suppression.Reason.ERASED


def test_team_bans_an_address_from_one_list(team_client: Client, camille: Contact, newsletter: ContactList) -> None:
    entered = {"address": camille.address, "scope": "2", "origin": ""}
    team_client.post("/contacts/suppressions/new/", entered)
    assert not Suppression.objects.exists()

    team_client.post("/contacts/suppressions/new/", entered | {"contact_list": newsletter.pk})

    assert Suppression.objects.get().contact_list == newsletter


def test_somebody_on_a_break_is_not_counted_as_reachable(team_client: Client, camille: Contact) -> None:
    pause_contact(contact=camille, days=30, at=timezone.now())

    assert not Contact.objects.mailable().exists()
    assert "On a break" in team_client.get(f"/contacts/{camille.pk}/").content.decode()


def test_taking_a_complaint_back_in_the_admin_leaves_a_trace(admin_client: Client) -> None:
    complaint = Suppression.objects.create(address_key="lea@courriel.example", reason=23, scope=0)

    admin_client.post(f"/admin/contacts/suppression/{complaint.pk}/delete/", {"post": "yes"})

    assert AuditEntry.objects.filter(verb="suppression.lift").exists()


def test_suppressions_come_in_and_go_out_through_the_admin(admin_client: Client) -> None:
    Suppression.objects.create(address_key="lea@courriel.example", reason=24, scope=0)

    assert admin_client.get("/admin/contacts/suppression/export/").status_code == 200
    assert admin_client.get("/admin/contacts/suppression/import/").status_code == 200
