"""What comes back wrong is told on the home page."""

import pytest
from django.test import Client
from django.utils import timezone

from feedback.applying import apply_pending
from feedback.events import record_events
from feedback.models import BounceClass, Event, WebhookState
from tests.feedback.sent import send

pytestmark = pytest.mark.django_db


def home(client: Client) -> str:
    return client.get("/").content.decode()


@pytest.mark.parametrize(("people", "is_told"), [(4, False), (5, True)])
def test_refusals_for_policy_are_told_once_they_are_more_than_a_mistake(
    team_client: Client, people: int, is_told: bool
) -> None:
    sent = send(people)
    words = {"reply": "550 5.7.1 <b>blocked</b>"}
    record_events(
        [sent.event(Event.Kind.BOUNCED, n, bounce_class=BounceClass.POLICY, details=words) for n in range(people)]
    )
    apply_pending()

    page = home(team_client)

    assert ("turned away for policy or reputation" in page) == is_told
    assert "<b>blocked</b>" not in page


def test_refused_webhooks_are_told_with_the_way_to_their_page(team_client: Client) -> None:
    sent = send(1)
    WebhookState.objects.create(provider=sent.provider, refused_at=timezone.now(), refusal="Wrong signature.")

    page = home(team_client)

    assert f"Webhooks of {sent.provider} are refused" in page
    assert f"/providers/{sent.provider.pk}/webhooks/" in page
