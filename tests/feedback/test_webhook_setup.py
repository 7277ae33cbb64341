"""The page where the team opens the door of a provider's webhooks."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import AuditEntry
from delivery.models import Provider
from feedback.models import WebhookState
from tests.feedback.payloads import KINDS, Post, mailgun
from tests.feedback.sent import Sent, send

pytestmark = pytest.mark.django_db


def page_of(sent: Sent) -> str:
    return f"/providers/{sent.provider.pk}/webhooks/"


def shown_address(text: str) -> str:
    return urlsplit(re.search(r'id="webhook-address">([^<]+)<', text)[1]).path


@pytest.fixture
def at_mailgun(db: None) -> Sent:
    return send(kind="mailgun")


def test_the_address_is_shown_once_and_opens_the_door(team_client: Client, client: Client, at_mailgun: Sent) -> None:
    made = team_client.post(page_of(at_mailgun))
    address = shown_address(made.content.decode())
    team_client.post(page_of(at_mailgun), {"key": "a-signing-key"})

    again = team_client.get(page_of(at_mailgun)).content.decode()

    assert "no-store" in made["Cache-Control"]
    assert address.split("/")[3] not in again
    assert "a-signing-key" not in again
    post = mailgun(f"{at_mailgun.mailing.pk}.{at_mailgun.messages[0]}")
    assert client.post(address, **post.arguments).content == b"stored 1"
    assert "Webhooks come in" in team_client.get(page_of(at_mailgun)).content.decode()


def test_a_new_address_closes_the_former(team_client: Client, client: Client, at_mailgun: Sent) -> None:
    first = shown_address(team_client.post(page_of(at_mailgun)).content.decode())
    second = shown_address(team_client.post(page_of(at_mailgun)).content.decode())
    team_client.post(page_of(at_mailgun), {"key": "a-signing-key"})
    post = mailgun("1.2")

    assert client.post(first, **post.arguments).status_code == 403
    assert client.post(second, **post.arguments).status_code == 200


def test_what_was_refused_after_the_right_secret_is_told(team_client: Client, client: Client, at_mailgun: Sent) -> None:
    address = shown_address(team_client.post(page_of(at_mailgun)).content.decode())

    client.post(address, **Post(b"{}").arguments)
    client.post(f"/hooks/{at_mailgun.provider.pk}/wrong/", **Post(b"{}").arguments)

    assert "signing key of these webhooks is missing" in team_client.get(page_of(at_mailgun)).content.decode()
    assert WebhookState.objects.get().heard_at is None


def test_opening_the_page_changes_nothing(team_client: Client, at_mailgun: Sent) -> None:
    before = Provider.objects.get(pk=at_mailgun.provider.pk).credentials

    assert team_client.get(page_of(at_mailgun)).status_code == 200

    assert Provider.objects.get(pk=at_mailgun.provider.pk).credentials == before
    assert not AuditEntry.objects.exists()


def test_a_public_key_is_stored_without_its_frame(team_client: Client) -> None:
    sent = send(kind="postal")

    team_client.post(
        page_of(sent), {"key": "-----BEGIN PUBLIC KEY-----\r\nAAAA\r\nBBBB\r\n-----END PUBLIC KEY-----\r\n"}
    )

    assert Provider.objects.get(pk=sent.provider.pk).credentials["webhook_key"] == "AAAABBBB"
    assert AuditEntry.objects.get().details == {"name": "webhook_key"}


@pytest.mark.parametrize("key", ["", "   ", "two words", "clé", "-----BEGIN-----"])
def test_what_is_no_key_is_refused_beside_its_field(team_client: Client, at_mailgun: Sent, key: str) -> None:
    response = team_client.post(page_of(at_mailgun), {"key": key})

    assert b"invalid-feedback" in response.content
    assert Provider.objects.get(pk=at_mailgun.provider.pk).credentials == {}


@pytest.mark.parametrize("kind", ["smtp", "scaleway"])
def test_a_kind_without_webhooks_has_no_page(team_client: Client, kind: str) -> None:
    assert team_client.get(page_of(send(kind=kind))).status_code == 404


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_page(team_client: Client, kind: str) -> None:
    text = team_client.get(page_of(send(kind=kind))).content.decode()

    assert ('name="key"' in text) == bool(KINDS[kind].credentials)
