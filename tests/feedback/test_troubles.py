from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from feedback.applying import apply_pending
from feedback.events import record_events
from feedback.models import BounceClass, Event, WebhookState
from feedback.troubles import policy_refusals, refused_webhooks, set_aside
from tests.feedback.sent import Sent, send

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def bounce(sent: Sent, position: int, meaning: BounceClass) -> None:
    words = {"reply": "550 5.7.1 blocked"}
    record_events([sent.event(Event.Kind.BOUNCED, position, bounce_class=meaning, details=words)])


@pytest.mark.parametrize("mailings", [1, 3])
def test_refusals_for_policy_by_mailing(mailings: int, django_assert_num_queries: Any) -> None:
    for _ in range(mailings):
        sent = send(3)
        bounce(sent, 0, BounceClass.POLICY)
        bounce(sent, 1, BounceClass.POLICY)
        bounce(sent, 1, BounceClass.POLICY)
        bounce(sent, 2, BounceClass.SOFT)
    apply_pending()

    with django_assert_num_queries(3):
        found = policy_refusals(since=LONG_AGO, limit=9)

    assert [(row.people, row.words) for row in found] == [(2, "550 5.7.1 blocked")] * mailings
    assert policy_refusals(since=timezone.now() + timedelta(hours=1), limit=9) == []


def test_sample_data_and_test_sends_alarm_nobody() -> None:
    for flags in ({"is_sample": True}, {"is_test": True}):
        bounce(send(1, **flags), 0, BounceClass.POLICY)

    assert policy_refusals(since=LONG_AGO, limit=9) == []


def test_webhooks_are_refused_until_one_is_taken_again(sent: Sent) -> None:
    now = timezone.now()
    WebhookState.objects.create(provider=sent.provider, refused_at=now, refusal="Wrong signature.")
    assert [provider.webhook_state.refusal for provider in refused_webhooks()] == ["Wrong signature."]

    WebhookState.objects.update(heard_at=now + timedelta(seconds=1))
    assert refused_webhooks() == []


def test_what_could_not_be_read_is_shown_and_escaped(team_client: Client, sent: Sent) -> None:
    raw = {"raw": "<script>alert(1)</script>"}
    record_events([sent.event(Event.Kind.OTHER, error="KeyError: 'event'", details=raw)])
    record_events([sent.event(Event.Kind.OTHER, message=99)])
    apply_pending()

    assert [row.error for row in set_aside(sent.provider, limit=9)] == ["KeyError: 'event'"]
    page = team_client.get(f"/providers/{sent.provider.pk}/webhooks/").content
    assert b"&lt;script&gt;" in page
    assert b"<script>alert" not in page
