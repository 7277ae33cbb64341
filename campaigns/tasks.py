"""Campaign times."""

from datetime import datetime, timedelta

from celery import current_app, shared_task
from django.utils import timezone

from campaigns import services
from common.locks import only_one


@shared_task
def start_due(**_later: object) -> None:
    """Every two seconds, and when a click's time has come: start what is due, and ring for it.

    delivery's sweep finds what nobody rang for.
    """
    with only_one("campaigns.start_due") as is_ours:
        if not is_ours:
            return
        services.start_due(now=timezone.now(), ring=ring_for_first_block)
        for campaign_id in services.uncounted():
            ring_for_count(campaign_id)


@shared_task
def count_again(campaign_id: int) -> None:
    """What a click leaves for the seconds in which it can be undone."""
    with only_one(f"campaigns.count_again.{campaign_id}") as is_ours:
        if is_ours:
            services.count_again(campaign_id=campaign_id)


def ring_for_first_block(mailing_id: int) -> None:
    current_app.send_task("delivery.tasks.freeze", (mailing_id,), queue="default", expires=10)


def ring_for_count(campaign_id: int) -> None:
    """Somebody clicked on "send": count whom it is for, now."""
    count_again.apply_async((campaign_id,), expires=10, queue="default")


def ring_at(instant: datetime) -> None:
    """Somebody clicked on "send": begin at that very instant, some seconds from now, not at the beat's next turn."""
    start_due.apply_async(eta=instant, expires=instant + timedelta(seconds=10), queue="default")
