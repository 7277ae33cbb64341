"""The door out: a GET asks, a POST acts, and it works for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client

from common.tokens import Purpose
from contacts.models import Consent, Contact, ContactList, Subscription, Suppression
from delivery.models import Message, Outcome
from feedback.applying import apply_pending
from feedback.models import Event, Way
from tests.feedback.sent import Sent, send

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path_of(sent: Sent, position: int = 0) -> str:
    return f"/u/{sent.token(Purpose.UNSUBSCRIBE, position)}"


def is_on(sent: Sent, position: int = 0) -> bool:
    return Subscription.objects.get(contact=sent.contacts[position], contact_list=sent.newsletter).state == 1


@contextmanager
def nothing_changes() -> Iterator[None]:
    def picture() -> object:
        return [
            list(model.objects.order_by("pk").values())
            for model in (Subscription, Suppression, Consent, Contact, Event, Outcome)
        ]

    before = picture()
    yield
    assert picture() == before


class TestGet:
    @pytest.mark.parametrize("query", ["", "?all=1", "?scope=all", "?List-Unsubscribe=One-Click", "?language=en"])
    def test_asks_and_changes_nothing(self, client: Client, sent: Sent, query: str) -> None:
        with nothing_changes():
            response = client.get(path_of(sent) + query)
            client.head(path_of(sent) + query)

        assert response.status_code == 200
        assert b"<form" in response.content
        assert not response.cookies

    def test_names_the_list_and_masks_the_address(self, client: Client, sent: Sent) -> None:
        text = client.get(path_of(sent)).content.decode()

        assert sent.newsletter.name in text
        assert sent.contacts[0].address not in text
        assert "@courriel.example" in text

    @pytest.mark.parametrize("people", [1, 3])
    def test_takes_a_constant_number_of_statements(
        self, client: Client, people: int, django_assert_num_queries: Any
    ) -> None:
        sent = send(people)
        for number in range(people):
            row = ContactList.objects.create(name=f"Liste {number} {people}")
            Subscription.objects.create(contact=sent.contacts[0], contact_list=row)

        with django_assert_num_queries(4):  # message, contact, lists, organisation
            client.get(path_of(sent))

    @pytest.mark.parametrize(
        ("contact", "accepts", "query", "language"),
        [
            ("fr", "en", "", "fr"),
            ("en", "fr", "", "en"),
            ("", "fr-CA,fr;q=0.8", "", "fr"),
            ("", "de", "", "en"),
            ("fr", "fr", "?language=en", "en"),
            ("fr", "en", "?language=xx", "fr"),
        ],
    )
    def test_speaks_the_persons_language(
        self, client: Client, sent: Sent, contact: str, accepts: str, query: str, language: str
    ) -> None:
        Contact.objects.update(language=contact)

        response = client.get(path_of(sent) + query, headers={"accept-language": accepts})

        assert response["Content-Language"] == language
        assert f'<html lang="{language}"' in response.content.decode()

    def test_runs_no_script(self, client: Client, sent: Sent) -> None:
        response = client.get(path_of(sent))

        assert b"<script" not in response.content
        assert "script-src 'none'" in response["Content-Security-Policy"]


class TestOneClick:
    @pytest.mark.parametrize("form", ["urlencoded", "multipart"])
    def test_both_forms_of_the_body_leave_the_list(self, sent: Sent, form: str) -> None:
        client = Client(enforce_csrf_checks=True)
        kind = {"content_type": "application/x-www-form-urlencoded", "data": "List-Unsubscribe=One-Click"}

        response = client.post(path_of(sent), **(kind if form == "urlencoded" else {"data": ONE_CLICK}))

        assert response.status_code == 200
        assert not response.cookies
        assert not is_on(sent)
        assert Event.objects.get().way == Way.ONE_CLICK

    @pytest.mark.parametrize(
        ("data", "content_type"),
        [
            ("", "application/x-www-form-urlencoded"),
            ("garbage", "multipart/form-data; boundary=none"),
            ("--x\r\nbroken", "multipart/form-data; boundary=x"),
            ("x", "multipart/form-data"),
            ("{}", "application/json"),
            ("scope=nonsense", "application/x-www-form-urlencoded"),
        ],
    )
    def test_a_body_in_any_state_still_leaves(self, client: Client, sent: Sent, data: str, content_type: str) -> None:
        response = client.post(path_of(sent), data=data, content_type=content_type)

        assert response.status_code == 200
        assert not is_on(sent)

    def test_twice_is_as_once(self, client: Client, sent: Sent) -> None:
        first = client.post(path_of(sent), ONE_CLICK)
        consents = Consent.objects.count()
        second = client.post(path_of(sent), ONE_CLICK)

        assert (first.status_code, second.status_code) == (200, 200)
        assert Event.objects.count() == 1
        assert Consent.objects.count() == consents

    def test_leaves_the_lists_of_the_mailing_and_no_other(self, client: Client, sent: Sent) -> None:
        other = ContactList.objects.create(name="Ventes privées")
        Subscription.objects.create(contact=sent.contacts[0], contact_list=other)

        client.post(path_of(sent), ONE_CLICK)

        assert not is_on(sent)
        assert Subscription.objects.get(contact=sent.contacts[0], contact_list=other).state == 1
        assert is_on(sent, 1)
        assert not Suppression.objects.exists()

    def test_works_when_the_contact_is_gone(self, client: Client, sent: Sent) -> None:
        key = sent.contacts[0].address_key
        sent.contacts[0].delete()

        response = client.post(path_of(sent), ONE_CLICK)

        assert response.status_code == 200
        assert list(Suppression.objects.values_list("address_key", "reason", "scope")) == [
            (key, Suppression.Reason.UNSUBSCRIBED, Suppression.Scope.MARKETING)
        ]

    def test_finds_somebody_who_came_back_under_another_id(self, client: Client, sent: Sent) -> None:
        old = sent.contacts[0]
        key, address = old.address_key, old.address
        old.delete()
        back = Contact.objects.create(address=address, address_key=key, sort_key=key)
        Subscription.objects.create(contact=back, contact_list=sent.newsletter)
        Message.objects.filter(pk=sent.messages[0]).update(contact_id=None)

        client.post(path_of(sent), ONE_CLICK)

        assert Subscription.objects.get(contact=back).state == 2

    def test_works_when_the_message_row_is_gone(self, client: Client, sent: Sent) -> None:
        Message.objects.filter(pk=sent.messages[0]).delete()

        assert client.get(path_of(sent)).status_code == 200
        assert client.post(path_of(sent), ONE_CLICK).status_code == 200
        assert Event.objects.get().message_id == sent.messages[0]

    def test_a_mailing_without_lists_leaves_everything(self, client: Client) -> None:
        sent = send(1, audience={})

        client.post(path_of(sent), ONE_CLICK)

        assert Suppression.objects.get().scope == Suppression.Scope.MARKETING

    @pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t[:-2] + "AA", lambda t: "x"])
    def test_a_forged_token_changes_nothing(self, client: Client, sent: Sent, change: Any) -> None:
        with nothing_changes():
            response = client.post(f"/u/{change(sent.token(Purpose.UNSUBSCRIBE))}", ONE_CLICK)

        assert response.status_code == 404

    @pytest.mark.parametrize("purpose", [Purpose.OPEN, Purpose.CLICK, Purpose.VIEW, Purpose.PREFERENCES])
    def test_a_token_of_another_purpose_changes_nothing(self, client: Client, sent: Sent, purpose: Purpose) -> None:
        with nothing_changes():
            client.post(f"/u/{sent.token(purpose)}", ONE_CLICK)

    def test_the_address_is_short_enough_for_microsoft(self, sent: Sent) -> None:
        assert len(sent.token(Purpose.UNSUBSCRIBE)) <= 40


class TestTheForm:
    def test_the_button_leaves_the_lists_and_says_so(self, client: Client, sent: Sent) -> None:
        response = client.post(path_of(sent), {"scope": "lists"})

        assert response.status_code == 200
        assert not is_on(sent)
        assert not Suppression.objects.exists()
        assert Event.objects.get().way == Way.LINK

    def test_everything_is_everything(self, client: Client, sent: Sent) -> None:
        response = client.post(path_of(sent), {"scope": "all"})

        assert response.status_code == 200
        assert not is_on(sent)
        assert Suppression.objects.get().reason == Suppression.Reason.UNSUBSCRIBED

    def test_the_way_is_counted_once_applied(self, client: Client, sent: Sent) -> None:
        client.post(path_of(sent, 0), {"scope": "lists"})
        client.post(path_of(sent, 1), ONE_CLICK)
        apply_pending()

        assert [sent.outcome(number).unsubscribed_by for number in range(3)] == [Way.LINK, Way.ONE_CLICK, None]

    def test_asks_about_everything_where_the_lists_are_left_already(self, client: Client, sent: Sent) -> None:
        client.post(path_of(sent), {"scope": "lists"})

        text = client.get(path_of(sent)).content.decode()

        assert 'value="all"' in text
        assert 'value="lists"' not in text
