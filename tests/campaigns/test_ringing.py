"""A click on "send" does not wait for the beat: its start and its first block are rung for."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from campaigns import services, tasks
from campaigns.models import Campaign
from tests.campaigns.pages import button
from tests.queues import rung


def test_a_campaign_that_starts_rings_for_its_first_block(campaign: Campaign) -> None:
    rung("default")
    services.start_campaign(campaign=campaign, user=None, now=timezone.now(), undo=timedelta())

    tasks.start_due()

    campaign.refresh_from_db()
    ((task, headers),) = rung("default")
    assert (task, headers["argsrepr"]) == ("delivery.tasks.freeze", f"({campaign.mailing_id},)")


def test_a_click_is_rung_for_to_be_counted_and_found_by_the_beat_when_nobody_took_it(
    team_client: Client, campaign: Campaign, django_capture_on_commit_callbacks: Any
) -> None:
    rung("default")
    with django_capture_on_commit_callbacks(execute=True):
        button(team_client, campaign)
    rings = dict(rung("default"))
    assert set(rings) == {"campaigns.tasks.count_again", "campaigns.tasks.start_due"}
    assert rings["campaigns.tasks.count_again"]["argsrepr"] == f"({campaign.pk},)"

    tasks.start_due()
    ((again, _headers),) = rung("default")
    assert again == "campaigns.tasks.count_again"

    tasks.count_again(campaign.pk)
    tasks.start_due()
    assert rung("default") == []


def test_a_click_is_rung_for_at_the_end_of_its_undo() -> None:
    rung("default")
    instant = timezone.now() + timedelta(seconds=10)

    tasks.ring_at(instant)

    ((task, headers),) = rung("default")
    assert (task, headers["eta"]) == ("campaigns.tasks.start_due", instant.isoformat())
