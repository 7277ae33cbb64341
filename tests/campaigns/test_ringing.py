"""A click on "send" does not wait for the beat: its start and its first block are rung for."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from redis import Redis

from campaigns import services, tasks
from campaigns.models import Campaign


def rung(queue: str) -> list[tuple[str, dict[str, Any]]]:
    """(task, headers) of what waits in a queue, which is emptied."""
    redis = Redis.from_url(settings.REDIS_URL)
    found = [json.loads(one)["headers"] for one in redis.lrange(queue, 0, -1)]  # type: ignore[union-attr]
    redis.delete(queue)
    return [(headers["task"], headers) for headers in found]


def test_a_campaign_that_starts_rings_for_its_first_block(campaign: Campaign) -> None:
    rung("bulk")
    services.start_campaign(campaign=campaign, user=None, now=timezone.now(), undo=timedelta())

    tasks.start_due()

    campaign.refresh_from_db()
    ((task, headers),) = rung("bulk")
    assert (task, headers["argsrepr"]) == ("delivery.tasks.freeze", f"({campaign.mailing_id},)")


def test_a_click_is_rung_for_at_the_end_of_its_undo() -> None:
    rung("default")
    instant = timezone.now() + timedelta(seconds=10)

    tasks.ring_at(instant)

    ((task, headers),) = rung("default")
    assert (task, headers["eta"]) == ("campaigns.tasks.start_due", instant.isoformat())
