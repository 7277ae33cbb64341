"""Pages of people, lists and suppressions: what they show, and that tables do not grow in queries."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from contacts.models import (
    ConsentStatement,
    Contact,
    ContactField,
    ContactList,
    Subscription,
    Suppression,
)
from contacts.registry import TimelineEntry, timeline
from contacts.services import add_contact, subscribe, suppress, unsubscribe
from tests.contacts.test_services import NOW


@pytest.fixture
def crowd(newsletter: ContactList, statement: ConsentStatement) -> Callable[[int], list[Contact]]:
    def make(count: int) -> list[Contact]:
        people = [
            add_contact(address=f"p{number}@courriel.example", first_name=f"Léa{number}", last_name="Thévenet")
            for number in range(count)
        ]
        for person in people:
            subscribe(contact=person, contact_list=newsletter, statement=statement)
        return people

    return make


def get(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("route", ["list", "lists", "suppressions", "imports"])
def test_tables_cost_the_same_with_one_and_three_rows(
    team_client: Client, crowd: Callable[[int], list[Contact]], route: str, newsletter: ContactList
) -> None:
    url = reverse(f"contacts:{route}")
    [only] = crowd(1)
    suppress(address_key=only.address_key, reason=24, scope=0, origin="", at=NOW)
    queries(team_client, url)
    with_one = queries(team_client, url)
    Contact.objects.all().delete()

    for person in crowd(3):
        suppress(address_key=person.address_key, reason=23, scope=0, origin="", at=NOW)
    ContactList.objects.create(name="Private sales")

    assert queries(team_client, url) == with_one


def test_one_contact_costs_the_same_with_one_and_three_lists(
    team_client: Client, camille: Contact, statement: ConsentStatement
) -> None:
    url = reverse("contacts:contact", args=[camille.pk])
    queries(team_client, url)
    with_one = queries(team_client, url)

    for name in ("Private sales", "Letters"):
        contact_list = ContactList.objects.create(name=name)
        subscribe(contact=camille, contact_list=contact_list, statement=statement)

    assert queries(team_client, url) == with_one


@pytest.mark.parametrize("text", ["camille", "ROUX", "roux cam", "Cam ro", "camille.roux@courriel", "CAMILLE.ROUX"])
def test_search_finds_by_words_of_the_name_and_beginning_of_the_address(
    team_client: Client, camille: Contact, crowd: Callable[[int], list[Contact]], text: str
) -> None:
    crowd(2)

    page = get(team_client, reverse("contacts:list") + f"?q={text}")

    assert "Camille Roux" in page
    assert "Thévenet" not in page


def test_search_ignores_accents(team_client: Client, crowd: Callable[[int], list[Contact]]) -> None:
    crowd(1)

    assert "Léa0 Thévenet" in get(team_client, reverse("contacts:list") + "?q=thevenet")
    assert "Léa0 Thévenet" in get(team_client, reverse("contacts:list") + "?q=thévenet lea0")


@pytest.mark.parametrize("text", ["%", "' or 1=1", "a & b:*", "\\", "!!", "nobody", "\0"])
def test_search_of_anything_answers(team_client: Client, camille: Contact, text: str) -> None:
    assert team_client.get(reverse("contacts:list"), {"q": text}).status_code == 200


def test_filters_by_list_and_state(
    team_client: Client, camille: Contact, crowd: Callable[[int], list[Contact]], newsletter: ContactList
) -> None:
    lea, marc = crowd(2)
    unsubscribe(contact=lea, contact_list=newsletter, at=NOW)
    suppress(address_key=marc.address_key, reason=21, scope=0, origin="", at=NOW)
    url = reverse("contacts:list")

    def found(query: str) -> set[str]:
        page = get(team_client, f"{url}?{query}")
        return {name for name in ("Camille", "Léa0", "Léa1") if name in page}

    assert found(f"list={newsletter.pk}") == {"Camille", "Léa1"}
    assert found(f"list={newsletter.pk}&state=left") == {"Léa0"}
    assert found("state=left") == {"Léa0"}
    assert found("state=mailable") == {"Camille"}
    assert found("state=21") == {"Léa1"}
    assert found("state=suppressed") == {"Léa1"}


def test_pages_go_on_where_the_last_ended(team_client: Client, crowd: Callable[[int], list[Contact]]) -> None:
    crowd(28)

    first = team_client.get(reverse("contacts:list") + "?sort=name")
    second = team_client.get(f"{reverse('contacts:list')}?sort=name&cursor={first.context['page'].after}")

    seen = [row.contact.pk for page in (first, second) for row, _cells in page.context["rows"]]
    assert len(seen) == len(set(seen)) == 28
    assert "28 contacts" in first.content.decode()


def test_empty_page_teaches(team_client: Client) -> None:
    assert "Import a file" in get(team_client, reverse("contacts:list"))


def test_contact_page_tells_proof_state_and_story(
    team_client: Client, camille: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = ContactField.objects.create(key="city", label="Ville")
    Contact.objects.filter(pk=camille.pk).update(fields={str(field.pk): "Lyon"})
    monkeypatch.setattr(timeline, "_entries", [])
    timeline.register(
        lambda contact, *, before, limit: [TimelineEntry(at=NOW, icon="send", title="Carnet <b>de juin</b>")]
    )

    page = get(team_client, reverse("contacts:contact", args=[camille.pk]))

    for word in ("Reachable", "Stand at the fair of Lyon, May 2026", "Newsletter Maison", "Ville", "Lyon"):
        assert word in page
    assert "Carnet &lt;b&gt;de juin&lt;/b&gt;" in page


def test_contact_page_says_why_nobody_can_write(team_client: Client, camille: Contact) -> None:
    suppress(address_key=camille.address_key, reason=23, scope=0, origin="feedback loop", at=NOW)

    page = get(team_client, reverse("contacts:contact", args=[camille.pk]))

    assert "No campaign reaches this person." in page
    assert "Reason: complained." in page


def test_contact_is_added_with_list_and_proof(team_client: Client, newsletter: ContactList) -> None:
    form = {
        "address": "Zoé@Société.example",
        "first_name": "Zoé",
        "last_name": "",
        "language": "fr",
        "contact_list": newsletter.pk,
        "source": "phone, 3 May",
    }

    response = team_client.post(reverse("contacts:new_contact"), form)

    zoe = Contact.objects.get()
    assert response["Location"] == reverse("contacts:contact", args=[zoe.pk])
    assert zoe.address_key == "zoé@xn--socit-esab.example"
    assert zoe.consents.get().statement.source == "phone, 3 May"


def test_contact_joins_no_list_without_proof(team_client: Client, newsletter: ContactList) -> None:
    response = team_client.post(
        reverse("contacts:new_contact"), {"address": "lea@courriel.example", "contact_list": newsletter.pk}
    )

    assert "nobody joins a list without proof" in response.content.decode()
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("address", "word"), [("camille@@x", "not a valid"), ("CAMILLE.roux@courriel.example", "already")]
)
def test_contact_with_a_bad_address_is_refused_at_its_field(
    team_client: Client, camille: Contact, address: str, word: str
) -> None:
    response = team_client.post(reverse("contacts:new_contact"), {"address": address})

    assert word in response.content.decode()
    assert Contact.objects.count() == 1


def test_contact_is_changed_with_its_typed_fields(team_client: Client, camille: Contact) -> None:
    age = ContactField.objects.create(key="age", label="Age", kind=ContactField.Kind.NUMBER)
    url = reverse("contacts:edit_contact", args=[camille.pk])
    form = {"address": camille.address, "first_name": "Camille", "last_name": "Lefèvre", f"field_{age.pk}": "douze"}

    assert "not a number" in team_client.post(url, form).content.decode()
    assert team_client.post(url, form | {f"field_{age.pk}": "41"}).status_code == 302

    camille.refresh_from_db()
    assert (camille.sort_key, camille.fields) == ("lefevre camille", {str(age.pk): 41})


def test_contact_leaves_and_comes_back_on_a_written_proof(
    team_client: Client, camille: Contact, newsletter: ContactList
) -> None:
    team_client.post(reverse("contacts:leave", args=[camille.pk]), {"list": newsletter.pk})
    assert camille.subscriptions.get().state == Subscription.State.UNSUBSCRIBED

    no_proof = team_client.post(reverse("contacts:join", args=[camille.pk]), {"contact_list": newsletter.pk})
    assert no_proof.status_code == 422
    team_client.post(
        reverse("contacts:join", args=[camille.pk]), {"contact_list": newsletter.pk, "source": "asked by phone"}
    )
    assert camille.subscriptions.get().state == Subscription.State.SUBSCRIBED


def test_contact_leaves_everything(team_client: Client, camille: Contact) -> None:
    team_client.post(reverse("contacts:leave", args=[camille.pk]))

    assert Suppression.objects.get().reason == Suppression.Reason.UNSUBSCRIBED


def test_contact_is_forbidden_and_removed(team_client: Client, camille: Contact) -> None:
    team_client.post(reverse("contacts:forbid", args=[camille.pk]))
    team_client.post(reverse("contacts:remove_contact", args=[camille.pk]))

    assert not Contact.objects.exists()
    assert Suppression.objects.get().scope == Suppression.Scope.ALL


def test_lists_show_counts_and_are_made_and_removed(
    team_client: Client, camille: Contact, newsletter: ContactList
) -> None:
    form = {"name": "Private sales", "legal_basis": "consent"}
    assert team_client.post(reverse("contacts:new_list"), form).status_code == 302
    assert "already exists" in team_client.post(reverse("contacts:new_list"), form).content.decode()
    assert "Private sales" in get(team_client, reverse("contacts:lists"))

    team_client.post(reverse("contacts:remove_list", args=[newsletter.pk]))

    assert list(ContactList.objects.values_list("name", flat=True)) == ["Private sales"]
    assert Contact.objects.count() == 1


def test_suppression_is_added_and_taken_off(team_client: Client, camille: Contact) -> None:
    team_client.post(
        reverse("contacts:new_suppression"),
        {"address": "CAMILLE.roux@courriel.example", "scope": 0, "origin": "letter"},
    )
    row = Suppression.objects.get()
    assert (row.address_key, row.reason, row.origin) == (camille.address_key, Suppression.Reason.MANUAL, "letter")
    assert camille.address_key in get(team_client, reverse("contacts:suppressions") + "?q=camille").replace("<wbr>", "")

    team_client.post(reverse("contacts:lift_suppression", args=[row.pk]))

    assert not Suppression.objects.exists()


def test_complaint_is_taken_off_by_administrators_only(team_client: Client, camille: Contact, olivier: User) -> None:
    suppress(address_key=camille.address_key, reason=23, scope=0, origin="", at=NOW)
    url = reverse("contacts:lift_suppression", args=[Suppression.objects.get().pk])

    team_client.post(url)
    assert Suppression.objects.exists()

    team_client.force_login(olivier, backend="allauth.account.auth_backends.AuthenticationBackend")
    team_client.post(url)
    assert not Suppression.objects.exists()


def test_pages_speak_french(team_client: Client, camille: Contact, ines: User) -> None:
    User.objects.filter(pk=ines.pk).update(language="fr")
    suppress(address_key=camille.address_key, reason=23, scope=0, origin="", at=NOW)

    table = get(team_client, reverse("contacts:list"))
    page = get(team_client, reverse("contacts:contact", args=[camille.pk]))

    assert "Ajouter un contact" in table
    assert "1 contact" in table
    for words in ("Aucune campagne ne touche cette personne.", "Raison\u00a0: s’est plainte", "Accords et preuves"):
        assert words in page
