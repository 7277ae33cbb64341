"""Pixel and links: what is kept of a hit is decided at the hit."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Organisation
from common import tokens
from common.tokens import Purpose
from contacts.models import Contact, Engagement
from contacts.tracking import Mode, Tracking
from delivery.models import Message
from feedback.events import OURSELVES
from feedback.hits import Hit, store_hits
from feedback.models import Event
from tests.feedback.sent import FULL, SENT_AT, Sent, send

pytestmark = pytest.mark.django_db
Policy = Organisation.TrackingPolicy
UNKNOWN, GRANTED, DENIED = 0, 1, 2


def pixel(client: Client, sent: Sent, position: int = 0) -> Any:
    return client.get(f"/o/{sent.token(Purpose.OPEN, position)}.gif", headers={"user-agent": "Thunderbird"})


def click(client: Client, sent: Sent, position: int = 0, link: int = 1) -> Any:
    return client.get(f"/c/{sent.token(Purpose.CLICK, position, link=link)}", headers={"user-agent": "Firefox"})


class TestPixel:
    def test_is_an_image_nobody_keeps_and_stores_one_event(self, client: Client, sent: Sent) -> None:
        response = pixel(client, sent)

        assert response.status_code == 200
        assert response["Content-Type"] == "image/gif"
        assert response.content[:6] == b"GIF89a"
        assert "no-store" in response["Cache-Control"]
        event = Event.objects.get()
        assert (event.kind, event.source, event.mailing_id, event.message_id) == (
            Event.Kind.OPENED,
            OURSELVES,
            sent.mailing.pk,
            sent.messages[0],
        )
        assert event.details == {"agent": "Thunderbird"}
        assert event.applied_at is None

    def test_is_one_statement_without_session_or_cookie(
        self, client: Client, sent: Sent, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(0):  # but the hit's own, which goes past Django's cursor (common.sql.run_hot)
            response = pixel(client, sent)

        assert not response.cookies

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1], lambda t: t[:-2] + "AA", lambda t: "x", lambda t: t + "A", lambda t: "A" * 500]
    )
    def test_a_forged_token_gets_the_same_image_and_stores_nothing(
        self, client: Client, sent: Sent, change: Any
    ) -> None:
        good = pixel(client, sent)
        Event.objects.all().delete()

        response = client.get(f"/o/{change(sent.token(Purpose.OPEN))}.gif")

        assert (response.status_code, response.content) == (200, good.content)
        assert not Event.objects.exists()

    @pytest.mark.parametrize("purpose", [Purpose.CLICK, Purpose.UNSUBSCRIBE, Purpose.VIEW])
    def test_a_token_of_another_purpose_opens_nothing(self, client: Client, sent: Sent, purpose: Purpose) -> None:
        client.get(f"/o/{sent.token(purpose)}.gif")

        assert not Event.objects.exists()

    def test_head_is_a_machines_look(self, client: Client, sent: Sent) -> None:
        response = client.head(f"/o/{sent.token(Purpose.OPEN)}.gif")

        assert response.status_code == 200
        assert not Event.objects.exists()


class TestConsentAtTheHit:
    """policy, consent at the hit → what is kept of an open of a message made with full tracking."""

    @pytest.mark.parametrize(
        ("policy", "consent", "mode"),
        [
            (Policy.FRANCE, UNKNOWN, Mode.HYGIENE),
            (Policy.FRANCE, GRANTED, Mode.FULL),
            (Policy.FRANCE, DENIED, Mode.NONE),
            (Policy.ITALY, UNKNOWN, Mode.NONE),
            (Policy.ITALY, GRANTED, Mode.FULL),
            (Policy.EU_STRICT, UNKNOWN, Mode.NONE),
            (Policy.NONE, UNKNOWN, Mode.FULL),
            (Policy.NONE, DENIED, Mode.NONE),
        ],
    )
    def test_opens(self, client: Client, policy: str, consent: int, mode: Mode) -> None:
        sent = send(1, policy=policy)
        Contact.objects.update(open_consent=consent)

        assert pixel(client, sent).status_code == 200

        assert Event.objects.filter(message_id=sent.messages[0]).count() == (mode == Mode.FULL)
        assert Event.objects.count() == (mode == Mode.FULL)
        assert Engagement.objects.exclude(last_opened_on=None).count() == (mode == Mode.HYGIENE)

    @pytest.mark.parametrize(
        ("policy", "consent", "named", "anonymous"),
        [
            (Policy.FRANCE, UNKNOWN, 1, 0),
            (Policy.FRANCE, DENIED, 0, 1),
            (Policy.EU_STRICT, UNKNOWN, 0, 1),
            (Policy.EU_STRICT, GRANTED, 1, 0),
            (Policy.EU_STRICT, DENIED, 0, 0),
        ],
    )
    def test_clicks(self, client: Client, policy: str, consent: int, named: int, anonymous: int) -> None:
        sent = send(1, policy=policy)
        sent.add_link("https://maison-verdier.example/soldes")
        Contact.objects.update(click_consent=consent)

        assert click(client, sent)["Location"] == "https://maison-verdier.example/soldes"

        assert Event.objects.exclude(message_id=None).count() == named
        kept = Event.objects.filter(message_id=None)
        assert kept.count() == anonymous
        assert all(event.details == {} and event.link_number == 1 for event in kept)

    def test_a_withdrawal_silences_mail_already_delivered(self, client: Client, sent: Sent) -> None:
        pixel(client, sent)
        Contact.objects.filter(pk=sent.contacts[0].pk).update(open_consent=DENIED)
        pixel(client, sent)

        assert Event.objects.count() == 1

    def test_a_later_consent_does_not_widen_what_the_message_was_made_for(self, client: Client) -> None:
        hygiene = int(Tracking(opens=Mode.HYGIENE, clicks=Mode.AGGREGATE))
        sent = send(1, tracking=hygiene, policy=Policy.FRANCE)
        sent.add_link("https://maison-verdier.example/")
        Contact.objects.update(open_consent=GRANTED, click_consent=GRANTED)

        pixel(client, sent)
        click(client, sent)

        assert list(Event.objects.values_list("kind", "message_id")) == [(Event.Kind.CLICKED, None)]
        assert Engagement.objects.get().last_opened_on is not None

    def test_a_stricter_policy_counts_at_once(self, client: Client, sent: Sent) -> None:
        Organisation.objects.update(tracking_policy=Policy.ITALY)

        pixel(client, sent)

        assert not Event.objects.exists()

    def test_a_url_for_everybody_is_counted_without_a_name(self, client: Client, sent: Sent) -> None:
        token = tokens.encode(Purpose.OPEN, mailing=sent.mailing.pk, message=0)

        client.get(f"/o/{token}.gif", headers={"user-agent": "Thunderbird"})

        event = Event.objects.get()
        assert (event.mailing_id, event.message_id, event.details) == (sent.mailing.pk, None, {})

    def test_an_erased_person_leaves_no_trace(self, client: Client, sent: Sent) -> None:
        sent.contacts[0].delete()

        pixel(client, sent)

        assert not Event.objects.exists()

    def test_a_transactional_message_without_a_contact_follows_the_policy(self, client: Client, sent: Sent) -> None:
        Message.objects.update(contact_id=None)

        pixel(client, sent)

        assert Event.objects.get().message_id == sent.messages[0]


class TestManyAtOnce:
    def test_one_statement_stores_them_each_in_its_mode(self, django_assert_num_queries: Any) -> None:
        sent = send(3, policy=Policy.FRANCE)
        for contact, consent in zip(sent.contacts, (GRANTED, UNKNOWN, DENIED), strict=True):
            Contact.objects.filter(pk=contact.pk).update(open_consent=consent)
        hits = [
            Hit(kind=Event.Kind.OPENED, mailing=sent.mailing.pk, message=message, at=SENT_AT)
            for message in [*sent.messages, sent.messages[1], 0, 77]
        ]

        with django_assert_num_queries(1):  # beside the hits: the last opens of those in hygiene mode
            modes = store_hits(hits)

        assert modes == [Mode.FULL, Mode.HYGIENE, Mode.NONE, Mode.HYGIENE, Mode.AGGREGATE, Mode.NONE]
        assert set(Event.objects.values_list("message_id", flat=True)) == {sent.messages[0], None}
        assert Engagement.objects.get().contact_id == sent.contacts[1].pk

    def test_nothing_is_nothing(self) -> None:
        assert store_hits([]) == []


class TestClick:
    def test_leads_to_the_stored_link_after_storing(self, client: Client, sent: Sent) -> None:
        sent.add_link("https://maison-verdier.example/soldes?a=1&b=2#été")

        response = click(client, sent)

        assert response.status_code == 302
        assert response["Location"] == "https://maison-verdier.example/soldes?a=1&b=2#%C3%A9t%C3%A9"
        assert "no-store" in response["Cache-Control"]
        event = Event.objects.get()
        assert (event.kind, event.message_id, event.link_number) == (Event.Kind.CLICKED, sent.messages[0], 1)

    def test_the_second_click_in_a_process_takes_one_statement(
        self, client: Client, sent: Sent, django_assert_num_queries: Any
    ) -> None:
        sent.add_link("https://maison-verdier.example/")
        with django_assert_num_queries(1):  # the link; the hit's own goes past Django's cursor
            click(client, sent)
        with django_assert_num_queries(0):
            click(client, sent, 1)

    def test_head_follows_without_counting(self, client: Client, sent: Sent) -> None:
        sent.add_link("https://maison-verdier.example/")

        response = client.head(f"/c/{sent.token(Purpose.CLICK, link=1)}")

        assert response.status_code == 302
        assert not Event.objects.exists()

    def test_a_personal_link_is_made_anew_for_the_person(self, client: Client, sent: Sent) -> None:
        sent.add_link(
            "https://maison-verdier.example/{{ contact.first_name | url_encode }}?from={{ organisation.name }}"
        )
        Message.objects.update(vars={"contact": {"first_name": "Zoé & Cie"}})

        assert click(client, sent)["Location"].startswith("https://maison-verdier.example/Zo%C3%A9")

    @pytest.mark.parametrize(
        "value", ["javascript:alert(1)", "//evil.example", "https://", "https://a b", "", "https://[x"]
    )
    def test_a_value_that_makes_no_web_address_leads_to_a_kind_page(
        self, client: Client, sent: Sent, value: str
    ) -> None:
        sent.add_link("{{ contact.site }}")
        Message.objects.update(vars={"contact": {"site": value}})

        response = click(client, sent)

        assert response.status_code == 404
        assert "Location" not in response
        assert not Event.objects.exists()

    @pytest.mark.parametrize("value", ["https://a.example/\r\nSet-Cookie: a=b", "https://a.example/\0"])
    def test_no_header_can_be_smuggled_in(self, client: Client, sent: Sent, value: str) -> None:
        sent.add_link("{{ contact.site }}")
        Message.objects.update(vars={"contact": {"site": value.replace("\0", "\x01")}})

        assert click(client, sent).status_code == 404

    def test_the_address_of_a_click_holds_no_destination(self, client: Client, sent: Sent) -> None:
        sent.add_link("https://maison-verdier.example/")

        response = client.get(f"/c/{sent.token(Purpose.CLICK, link=1)}?url=https://evil.example&next=//evil.example")

        assert response["Location"] == "https://maison-verdier.example/"

    @pytest.mark.parametrize("token", ["x", "https://evil.example", "%2F%2Fevil.example", "A" * 80])
    def test_a_forged_token_gets_a_kind_page(self, client: Client, sent: Sent, token: str) -> None:
        response = client.get(f"/c/{token}", headers={"accept-language": "fr"})

        assert response.status_code == 404
        assert "Location" not in response

    def test_a_link_that_is_gone_gets_the_same_page(self, client: Client, sent: Sent) -> None:
        gone = click(client, sent, link=9)
        forged = client.get("/c/x")

        assert (gone.status_code, gone.content) == (404, forged.content)
        assert not Event.objects.exists()

    def test_full_tracking_is_what_tests_start_from(self) -> None:
        assert Tracking.from_number(FULL) == Tracking(opens=Mode.FULL, clicks=Mode.FULL)
