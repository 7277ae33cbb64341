from typing import Any

import pytest
from django.test import Client

from common.tokens import Purpose
from contacts.models import Consent, ConsentState, Contact, ContactList, Subscription, Suppression
from delivery.models import Message
from feedback.models import Event, Way
from tests.feedback.sent import Sent
from tests.feedback.test_unsubscribe import nothing_changes

pytestmark = pytest.mark.django_db


def path_of(sent: Sent) -> str:
    return f"/p/{sent.token(Purpose.PREFERENCES)}"


def lists_of(contact: Contact) -> set[str]:
    return set(Subscription.objects.filter(contact=contact, state=1).values_list("contact_list__name", flat=True))


@pytest.fixture
def private_sale(db: None) -> ContactList:
    return ContactList.objects.create(name="Ventes privées", description="Avant tout le monde.")


@pytest.fixture
def team(db: None) -> ContactList:
    return ContactList.objects.create(name="Équipe", is_public=False)


class TestTheirPage:
    def test_offers_public_lists_and_those_the_person_is_on(
        self, client: Client, sent: Sent, private_sale: ContactList, team: ContactList
    ) -> None:
        hidden = ContactList.objects.create(name="Presse", is_public=False)
        Subscription.objects.create(contact=sent.contacts[0], contact_list=team)

        text = client.get(path_of(sent)).content.decode()

        assert all(row.name in text for row in (sent.newsletter, private_sale, team))
        assert hidden.name not in text
        assert "Avant tout le monde." in text

    def test_get_and_head_change_nothing(self, client: Client, sent: Sent) -> None:
        with nothing_changes():
            client.get(path_of(sent) + "?leave=all&lists=&opens=yes&saved=1")
            client.head(path_of(sent))

    def test_nothing_is_chosen_for_somebody_who_never_answered(self, client: Client, sent: Sent) -> None:
        text = client.get(path_of(sent)).content.decode()

        radios = [part.partition(">")[0] for part in text.split("<input")[1:] if 'type="radio"' in part]
        assert len(radios) == 4
        assert not any("checked" in radio for radio in radios)

    @pytest.mark.parametrize("lists", [1, 3])
    def test_takes_a_constant_number_of_statements(
        self, client: Client, sent: Sent, lists: int, django_assert_num_queries: Any
    ) -> None:
        for number in range(lists):
            ContactList.objects.create(name=f"Liste {number}")

        with django_assert_num_queries(5):  # message, contact, lists twice, organisation
            client.get(path_of(sent))

    def test_forged_damaged_and_forgotten_tokens_get_one_answer(self, client: Client, sent: Sent) -> None:
        good = sent.token(Purpose.PREFERENCES)
        answers = [client.get(f"/p/{token}") for token in ("x", good[:-2] + "AA", sent.token(Purpose.UNSUBSCRIBE))]
        sent.contacts[0].delete()
        answers.append(client.get(f"/p/{good}", headers={"accept-language": "en"}))
        Message.objects.all().delete()
        answers.append(client.post(f"/p/{good}", {"leave": "all"}))

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1


class TestSaving:
    def test_joins_and_leaves_lists(self, client: Client, sent: Sent, private_sale: ContactList) -> None:
        response = client.post(path_of(sent), {"lists": [private_sale.pk]})

        assert response.status_code == 303
        assert lists_of(sent.contacts[0]) == {private_sale.name}
        event = Event.objects.get()
        assert (event.kind, event.way) == (Event.Kind.UNSUBSCRIBED, Way.PREFERENCES)
        joined = Consent.objects.get(contact_list=private_sale)
        assert joined.state == ConsentState.GRANTED
        assert private_sale.name in joined.statement.wording
        assert "saved=1" in response["Location"]
        assert client.get(response["Location"]).status_code == 200

    def test_an_empty_form_leaves_all_lists_and_answers_nothing(self, client: Client, sent: Sent) -> None:
        client.post(path_of(sent), {})

        assert lists_of(sent.contacts[0]) == set()
        assert not Consent.objects.filter(purpose__in=["opens", "clicks"]).exists()

    def test_consents_are_recorded_with_their_very_words(self, client: Client, sent: Sent) -> None:
        client.post(
            path_of(sent) + "?language=en",
            {"lists": [sent.newsletter.pk], "opens": "yes", "clicks": "no"},
            headers={"user-agent": "Firefox"},
            REMOTE_ADDR="192.0.2.7",
        )

        contact = Contact.objects.get(pk=sent.contacts[0].pk)
        assert (contact.open_consent, contact.click_consent) == (ConsentState.GRANTED, ConsentState.DENIED)
        opens = Consent.objects.get(purpose="opens")
        assert opens.statement.wording.startswith("May we know when you open our messages?")
        assert opens.statement.origin == "preferences"
        assert (opens.ip, opens.user_agent) == ("192.0.2.7", "Firefox")

    def test_the_same_answer_again_is_no_new_consent_and_a_changed_one_is(self, client: Client, sent: Sent) -> None:
        for answer in ("yes", "yes", "no"):
            client.post(path_of(sent), {"lists": [sent.newsletter.pk], "opens": answer})

        states = Consent.objects.filter(purpose="opens").order_by("pk").values_list("state", flat=True)
        assert list(states) == [ConsentState.GRANTED, ConsentState.DENIED]

    def test_somebody_who_left_everything_comes_back_by_their_own_choice(self, client: Client, sent: Sent) -> None:
        client.post(path_of(sent), {"leave": "all"})
        assert Suppression.objects.count() == 1

        client.post(path_of(sent), {"lists": [sent.newsletter.pk]})

        assert lists_of(sent.contacts[0]) == {sent.newsletter.name}
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        "data", [{"lists": ["999999"]}, {"lists": ["x"]}, {"opens": "maybe"}, {"clicks": "<script>"}, {"lists": ["\0"]}]
    )
    def test_bad_input_is_shown_beside_its_field_and_saves_nothing(
        self, client: Client, sent: Sent, data: dict[str, Any]
    ) -> None:
        with nothing_changes():
            response = client.post(path_of(sent), data)

        assert response.status_code == 400
        assert b"invalid-feedback" in response.content
        assert b"<script>" not in response.content

    def test_a_list_that_is_not_offered_cannot_be_joined(self, client: Client, sent: Sent, team: ContactList) -> None:
        with nothing_changes():
            client.post(path_of(sent), {"lists": [team.pk]})

    def test_needs_no_cookie(self, sent: Sent) -> None:
        response = Client(enforce_csrf_checks=True).post(path_of(sent), {"leave": "all"})

        assert response.status_code == 200
        assert not response.cookies
        assert Event.objects.get().way == Way.PREFERENCES
