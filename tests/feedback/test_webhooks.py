import json
from typing import Any

import pytest
from anymail import webhooks as anymail_webhooks
from django.test import Client

from common import tokens
from contacts.models import Suppression
from delivery.capabilities import KINDS as PROVIDER_KINDS
from delivery.models import Provider
from feedback.applying import apply_pending
from feedback.border import DOORS
from feedback.models import BounceClass, Event
from tests.feedback import amazon as sns_of_amazon
from tests.feedback.amazon import amazon
from tests.feedback.payloads import KINDS as ALL_BUT_AMAZON
from tests.feedback.payloads import Kind, Post, mailgun, sendgrid_event, sendgrid_signature
from tests.feedback.sent import Sent, send

__all__ = ["amazon"]

pytestmark = pytest.mark.django_db
KINDS = ALL_BUT_AMAZON | {"amazon_ses": Kind(sns_of_amazon.bounce, {"sns_topic": sns_of_amazon.TOPIC})}
SECRET = "s3cret-of-this-row"
everybody = pytest.mark.parametrize("kind", sorted(KINDS))


def path_of(sent: Sent, secret: str = SECRET) -> str:
    return f"/hooks/{sent.provider.pk}/{secret}/"


def sent_through(kind: str, **credentials: str) -> Sent:
    return send(kind=kind, credentials={"webhook_secret": SECRET, **KINDS[kind].credentials, **credentials})


def identity(sent: Sent, position: int = 0) -> str:
    """What the provider gives back: our opaque id; at Postal, which has no metadata, our Message-ID."""
    if sent.provider.kind == "postal":
        token = tokens.encode(tokens.Purpose.MESSAGE, mailing=sent.mailing.pk, message=sent.messages[position])
        return f"{token}@maison-verdier.example"
    return f"{sent.mailing.pk}.{sent.messages[position]}"


def post(client: Client, sent: Sent, given: Post, secret: str = SECRET) -> Any:
    return client.post(path_of(sent, secret), **given.arguments)


@pytest.fixture
def _wire(request: pytest.FixtureRequest, kind: str) -> None:
    """Where a kind's signature is checked against something fetched, that something is there."""
    if kind == "amazon_ses":
        request.getfixturevalue("amazon")


@everybody
@pytest.mark.usefixtures("_wire")
class TestEveryKind:
    def test_a_bounce_finds_its_message_and_suppresses_the_dead_address(self, client: Client, kind: str) -> None:
        sent = sent_through(kind)

        response = post(client, sent, KINDS[kind].bounce(identity(sent), path_of(sent)))
        apply_pending()

        assert (response.status_code, response.content) == (200, b"stored 1")
        event = Event.objects.get()
        assert (event.mailing_id, event.message_id) == (sent.mailing.pk, sent.messages[0])
        assert event.source == sent.provider.pk
        assert event.bounce_class == BounceClass.HARD
        assert (event.at.year, event.at.month, event.at.day, event.at.hour) == (2025, 11, 20, 10)
        assert event.details["raw"]
        assert sent.outcome().is_hard_bounce is True
        assert list(Suppression.objects.values_list("address_key", "reason")) == [
            (sent.contacts[0].address_key, Suppression.Reason.HARD_BOUNCE)
        ]

    def test_the_same_post_again_is_stored_once(self, client: Client, kind: str) -> None:
        sent = sent_through(kind)
        given = KINDS[kind].bounce(identity(sent), path_of(sent))

        answers = [post(client, sent, given).content for _ in range(3)]

        assert answers == [b"stored 1", b"stored 0", b"stored 0"]

    @pytest.mark.parametrize("secret", ["wrong", "s3cret-of-this-ro", "%00", "é"])
    def test_a_wrong_secret_is_refused_before_anything_is_read(self, client: Client, kind: str, secret: str) -> None:
        sent = sent_through(kind)

        response = post(client, sent, KINDS[kind].bounce(identity(sent), path_of(sent)), secret=secret)

        assert response.status_code == 403
        assert not Event.objects.exists()

    def test_a_provider_without_a_secret_has_no_door(self, client: Client, kind: str) -> None:
        sent = sent_through(kind)
        Provider.objects.filter(pk=sent.provider.pk).update(credentials=KINDS[kind].credentials)

        for secret in ("None", "x", "%00"):
            assert post(client, sent, KINDS[kind].bounce(identity(sent), ""), secret=secret).status_code == 403

    def test_a_wrong_signature_is_refused_where_the_provider_signs(self, client: Client, kind: str) -> None:
        if not KINDS[kind].credentials:
            return
        sent = sent_through(kind)
        given = KINDS[kind].bounce(identity(sent), path_of(sent))
        given.headers = {name: _spoilt(value) for name, value in given.headers.items()}
        if kind in ("mailgun", "unisender_go"):  # their signature stands in the body
            given.body = given.body.replace(b'"signature": "', b'"signature": "0').replace(b'"auth": "', b'"auth": "0')

        response = post(client, sent, given)

        assert response.status_code == 403
        assert not Event.objects.exists()

    def test_a_missing_signature_is_refused_where_the_provider_signs(self, client: Client, kind: str) -> None:
        if not KINDS[kind].credentials:
            return
        sent = sent_through(kind)
        given = KINDS[kind].bounce(identity(sent), path_of(sent))
        given.headers = {}
        if kind in ("mailgun", "unisender_go"):
            given.body = given.body.replace(b'"signature": {', b'"other": {').replace(b'"auth"', b'"other"')

        assert post(client, sent, given).status_code == 403
        assert not Event.objects.exists()

    def test_without_the_key_a_kind_that_always_signs_is_refused_and_says_why(self, client: Client, kind: str) -> None:
        if not KINDS[kind].needs_key:
            return
        sent = send(kind=kind, credentials={"webhook_secret": SECRET})

        response = post(client, sent, KINDS[kind].bounce(identity(sent), path_of(sent)))

        assert response.status_code == 403
        assert "signing key" in response.content.decode()

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"null", b"[[1]]", b'["x"]', b"\xff\xfe", b"[" * 5_000])
    def test_a_body_that_makes_no_sense_is_no_error_of_ours(self, client: Client, kind: str, body: bytes) -> None:
        sent = sent_through(kind)

        response = post(client, sent, Post(body))

        assert response.status_code in (200, 403)

    def test_global_settings_are_never_asked(self, client: Client, kind: str, settings: Any) -> None:
        wrong = {f"{kind.upper()}_{name.upper()}": "wrong" for name in KINDS[kind].credentials}
        settings.ANYMAIL = {"WEBHOOK_SECRET": "name:word", "MAILGUN_API_KEY": "wrong", **wrong}
        sent = sent_through(kind)

        assert post(client, sent, KINDS[kind].bounce(identity(sent), path_of(sent))).content == b"stored 1"


def test_there_is_a_door_for_each_kind_that_sends_webhooks_and_a_test_for_each_door() -> None:
    assert set(DOORS) == set(KINDS)
    assert {kind.name for kind in PROVIDER_KINDS.values() if kind.has_webhooks} == set(DOORS)
    assert anymail_webhooks is not None


class TestTheAnswers:
    def test_unknown_provider_and_wrong_secret_get_the_same_answer(self, client: Client) -> None:
        sent = sent_through("postmark")

        wrong = client.post(path_of(sent, "wrong"))
        unknown = client.post(f"/hooks/{sent.provider.pk + 1}/{SECRET}/")

        assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content) == (403, wrong.content)

    def test_smtp_has_no_webhooks(self, client: Client) -> None:
        sent = send(kind="smtp", credentials={"webhook_secret": SECRET})

        assert post(client, sent, Post(b"{}")).status_code == 501

    def test_get_and_head_only_say_what_this_is(self, client: Client) -> None:
        sent = sent_through("postmark")

        assert client.get(path_of(sent)).status_code == 200
        assert client.head(path_of(sent, "anything")).status_code == 200
        assert not Event.objects.exists()

    def test_more_than_fits_is_refused_plainly(self, client: Client, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
        sent = sent_through("mailersend")

        response = post(client, sent, Post(b"1" * 1_001, headers={"Signature": "x"}))

        assert response.status_code == 413
        assert not Event.objects.exists()

    def test_no_cookie_and_no_csrf_token_are_needed(self) -> None:
        sent = sent_through("postmark")
        client = Client(enforce_csrf_checks=True)

        response = post(client, sent, KINDS["postmark"].bounce(identity(sent), ""))

        assert response.status_code == 200
        assert not response.cookies


class TestArrays:
    def test_many_events_take_a_constant_number_of_statements(
        self, client: Client, django_assert_max_num_queries: Any
    ) -> None:
        sent = sent_through("sendgrid")
        body = json.dumps([sendgrid_event(identity(sent), number=number) for number in range(1_000)]).encode()

        with django_assert_max_num_queries(6):
            response = post(client, sent, Post(body, headers=sendgrid_signature(body)))

        assert response.content == b"stored 1000"

    def test_a_poison_event_is_kept_apart_with_its_error_and_the_others_are_stored(self, client: Client) -> None:
        sent = sent_through("sendgrid")
        events = [sendgrid_event(identity(sent, number), number=number) for number in range(3)]
        del events[1]["event"]
        body = json.dumps(events).encode()

        response = post(client, sent, Post(body, headers=sendgrid_signature(body)))
        apply_pending()

        assert response.content == b"stored 3"
        kept = Event.objects.exclude(error=None).get()
        assert "event" in kept.error
        assert sent.messages[1] == int(json.loads(kept.details["raw"])[0]["envol"].partition(".")[2])
        assert [sent.outcome(number).is_hard_bounce for number in range(3)] == [True, None, True]

    def test_a_nul_in_a_strangers_words_is_stored(self, client: Client) -> None:
        sent = sent_through("sendgrid")
        events = [sendgrid_event(identity(sent), number=1) | {"reason": "550 5.1.1 \0 \ud800"}]
        body = json.dumps(events).encode()

        assert post(client, sent, Post(body, headers=sendgrid_signature(body))).content == b"stored 1"


class TestOneEvent:
    def test_provider_opens_obey_the_same_consent_as_our_pixel(self, client: Client) -> None:
        sent = sent_through("mailgun")
        sent.contacts[1].open_consent = 2
        sent.contacts[1].save()
        for position in (0, 1):
            event = json.loads(mailgun(identity(sent, position)).body)
            event["event-data"]["event"] = "opened"
            assert post(client, sent, Post(json.dumps(event).encode())).status_code == 200

        assert list(Event.objects.values_list("message_id", "kind")) == [(sent.messages[0], Event.Kind.OPENED)]

    def test_an_event_of_other_software_in_the_same_account_changes_nothing(self, client: Client) -> None:
        sent = sent_through("mailgun")

        post(client, sent, mailgun("hello"))
        post(client, sent, mailgun("1.5"))
        apply_pending()

        assert not Suppression.objects.exists()
        assert Event.objects.filter(applied_at=None).count() == 0

    @pytest.mark.parametrize(
        ("words", "meaning"),
        [
            ("550 5.7.1 blocked by policy", BounceClass.POLICY),
            ("552 5.2.2 mailbox full", BounceClass.SOFT),
            ("552 5.3.4 message too large", BounceClass.NEUTRAL),
        ],
    )
    def test_a_bounce_the_provider_calls_permanent_is_read_again(
        self, client: Client, words: str, meaning: BounceClass
    ) -> None:
        sent = sent_through("mailgun")
        event = json.loads(mailgun(identity(sent)).body)
        event["event-data"]["delivery-status"]["message"] = words

        post(client, sent, Post(json.dumps(event).encode()))
        apply_pending()

        assert Event.objects.get().bounce_class == meaning
        assert not Suppression.objects.exists()
        assert sent.outcome().is_hard_bounce is False

    @pytest.mark.parametrize("stamp", [0, 1e15, -5, 99999999999])
    def test_a_clock_far_off_loses_nothing(self, client: Client, stamp: float) -> None:
        sent = sent_through("mailgun")
        event = json.loads(mailgun(identity(sent)).body)
        event["event-data"]["timestamp"] = stamp

        assert post(client, sent, Post(json.dumps(event).encode())).content == b"stored 1"


def _spoilt(value: str) -> str:
    """The same length and alphabet, another value; of several signatures every one."""
    return "".join({"a": "b", "A": "B", "1": "2", "e": "f", "9": "8"}.get(letter, letter) for letter in value[::-1])
