"""Amazon SNS at our door: whose signature, whose topic, and a person's yes."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from delivery.models import Provider
from feedback.models import Event, WebhookState
from tests.feedback.amazon import (
    HOST,
    SIGNING,
    SUBSCRIBE,
    TOPIC,
    Amazon,
    amazon,
    bounce,
    certificate,
    notification,
    question,
)
from tests.feedback.payloads import Post
from tests.feedback.sent import Sent, send

__all__ = ["amazon"]

pytestmark = pytest.mark.django_db
OTHER = "arn:aws:sns:eu-west-3:999999999999:envol"


@pytest.fixture
def at_amazon(db: None, amazon: Amazon) -> Sent:
    return send(kind="amazon_ses", credentials={"webhook_secret": "s3cret", "sns_topic": TOPIC})


@pytest.fixture
def unknown_topic(db: None, amazon: Amazon) -> Sent:
    return send(kind="amazon_ses", credentials={"webhook_secret": "s3cret"})


def tell(client: Client, sent: Sent, post: Post, secret: str = "s3cret") -> Any:
    return client.post(f"/hooks/{sent.provider.pk}/{secret}/", **post.arguments)


def told(sent: Sent) -> Post:
    return bounce(f"{sent.mailing.pk}.{sent.messages[0]}")


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_signature_are_read(client: Client, at_amazon: Sent, version: str) -> None:
    answer = tell(
        client, at_amazon, notification({"eventType": "Delivery", "mail": {}, "delivery": {}}, version=version)
    )

    assert answer.status_code == 200


def test_the_certificate_is_fetched_once(client: Client, at_amazon: Sent, amazon: Amazon) -> None:
    for _ in range(3):
        assert tell(client, at_amazon, told(at_amazon)).status_code == 200

    assert amazon.asked == ["/SimpleNotificationService-0123abc.pem"]
    assert Event.objects.count() == 1


def test_nothing_is_fetched_before_the_secret_is_right(client: Client, at_amazon: Sent, amazon: Amazon) -> None:
    assert tell(client, at_amazon, told(at_amazon), secret="wrong").status_code == 403
    assert amazon.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://" + SIGNING.partition("//")[2],
        "https://sns.eu-west-3.amazonaws.com.evil.example/SimpleNotificationService-0123abc.pem",
        "https://evil.example/SimpleNotificationService-0123abc.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        f"https://x@{HOST}/SimpleNotificationService-0123abc.pem",
        f"https://{HOST}:8443/SimpleNotificationService-0123abc.pem",
        f"https://{HOST}/other.pem",
        f"https://{HOST}/a/../SimpleNotificationService-0123abc.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(
    client: Client, at_amazon: Sent, amazon: Amazon, url: str
) -> None:
    assert tell(client, at_amazon, notification({}, SigningCertURL=url)).status_code == 403
    assert amazon.asked == []
    assert not Event.objects.exists()


@pytest.mark.parametrize("field", ["Message", "MessageId", "Timestamp", "Signature"])
def test_a_changed_word_breaks_the_signature(client: Client, at_amazon: Sent, field: str) -> None:
    post = told(at_amazon)
    start = post.body.index(f'"{field}": "'.encode()) + len(field) + 5
    post.body = post.body[:start] + (b"A" if post.body[start : start + 1] != b"A" else b"B") + post.body[start + 1 :]

    assert tell(client, at_amazon, post).status_code == 403
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", [b"", b"no certificate", certificate(days=-1)])
def test_a_certificate_that_is_none_or_out_of_date_signs_nothing(
    client: Client, at_amazon: Sent, amazon: Amazon, body: bytes
) -> None:
    amazon.body = body
    assert tell(client, at_amazon, told(at_amazon)).status_code == 403

    amazon.body = certificate()
    assert tell(client, at_amazon, told(at_amazon)).status_code == 200


def test_a_redirect_is_not_followed(client: Client, at_amazon: Sent, amazon: Amazon) -> None:
    amazon.status = 302

    assert tell(client, at_amazon, told(at_amazon)).status_code == 403
    assert len(amazon.asked) == 1


def test_another_topic_is_not_heard(client: Client, at_amazon: Sent) -> None:
    assert tell(client, at_amazon, notification({}, TopicArn=OTHER)).status_code == 403
    assert "Another topic" in WebhookState.objects.get().refusal


def test_a_topic_nobody_accepted_is_not_heard(client: Client, unknown_topic: Sent) -> None:
    assert tell(client, unknown_topic, told(unknown_topic)).status_code == 403
    assert "No topic was accepted" in WebhookState.objects.get().refusal


def test_a_person_says_yes_and_only_then_is_amazon_told(
    client: Client, team_client: Client, unknown_topic: Sent, amazon: Amazon
) -> None:
    page = f"/providers/{unknown_topic.provider.pk}/webhooks/"
    assert tell(client, unknown_topic, question()).content == b"stored 0"
    assert TOPIC in team_client.get(page).content.decode()
    assert not any("Confirm" in path for path in amazon.asked)

    assert team_client.post(page, {"accept": "1"}).status_code == 302

    assert amazon.asked[-1] == SUBSCRIBE.removeprefix(f"https://{HOST}")
    assert Provider.objects.get(pk=unknown_topic.provider.pk).credentials["sns_topic"] == TOPIC
    assert AuditEntry.objects.filter(verb="provider.secret").exists()
    assert tell(client, unknown_topic, told(unknown_topic)).content == b"stored 1"
    assert "Heard, and no other" in team_client.get(page).content.decode()


def test_what_amazon_does_not_confirm_is_not_accepted(
    client: Client, team_client: Client, unknown_topic: Sent, amazon: Amazon
) -> None:
    tell(client, unknown_topic, question())
    amazon.status = 400

    page = team_client.post(f"/providers/{unknown_topic.provider.pk}/webhooks/", {"accept": "1"}, follow=True)

    assert "Amazon did not confirm" in page.content.decode()
    assert "sns_topic" not in Provider.objects.get(pk=unknown_topic.provider.pk).credentials


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/?Action=ConfirmSubscription&TopicArn=" + TOPIC,
        f"https://{HOST}/?Action=DeleteTopic&TopicArn={TOPIC}",
        f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={OTHER}",
        f"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}",
    ],
)
def test_yes_is_said_nowhere_else(
    client: Client, team_client: Client, unknown_topic: Sent, amazon: Amazon, url: str
) -> None:
    tell(client, unknown_topic, question(SubscribeURL=url))

    team_client.post(f"/providers/{unknown_topic.provider.pk}/webhooks/", {"accept": "1"})

    assert amazon.asked == ["/SimpleNotificationService-0123abc.pem"]
    assert "sns_topic" not in Provider.objects.get(pk=unknown_topic.provider.pk).credentials
