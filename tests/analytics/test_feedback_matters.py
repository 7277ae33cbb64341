"""What comes back wrong is told on the home page."""

from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from analytics.attention import Matter, matters
from analytics.figures import period_of
from delivery.models import Alert
from feedback.applying import apply_pending
from feedback.events import record_events
from feedback.models import BounceClass, Event, WebhookState
from tests.feedback.sent import send

pytestmark = pytest.mark.django_db


def told() -> list[Matter]:
    now = timezone.now()
    return matters(period=period_of(days=30, now=now, zone=ZoneInfo("UTC"), is_sample=None), now=now)


@pytest.mark.parametrize(("people", "is_told"), [(4, False), (5, True)])
def test_refusals_for_policy_are_told_once_they_are_more_than_a_mistake(people: int, is_told: bool) -> None:
    sent = send(people)
    words = {"reply": "550 5.7.1 blocked"}
    record_events(
        [sent.event(Event.Kind.BOUNCED, n, bounce_class=BounceClass.POLICY, details=words) for n in range(people)]
    )
    apply_pending()

    found = [matter for matter in told() if "policy or reputation" in matter.title]

    assert [(matter.title, matter.text) for matter in found] == [
        ("5 messages of “Soldes d’hiver” turned away for policy or reputation", "550 5.7.1 blocked")
    ] * is_told


def test_refused_webhooks_are_told_with_the_way_to_their_page() -> None:
    sent = send(1)
    WebhookState.objects.create(provider=sent.provider, refused_at=timezone.now(), refusal="Wrong signature.")

    found = next(matter for matter in told() if matter.icon == "webhook")

    assert found.title == f"Webhooks of {sent.provider} are refused"
    assert (found.text, found.route, found.pk) == (
        "Wrong signature.",
        "feedback:provider_webhooks",
        sent.provider.pk,
    )


def test_alerts_that_do_not_leave_by_mail_are_told() -> None:
    Alert.objects.create(key="paused:1", seen_at=timezone.now(), error="[Errno 111] Connection refused")

    (matter,) = [one for one in told() if one.icon == "mail-off"]

    assert "Connection refused" in matter.text
