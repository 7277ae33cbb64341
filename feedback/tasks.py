"""Rings of the clock. The rows are the queue: what one ring misses, the next one finds."""

from celery import shared_task
from django.utils import timezone

from common.locks import only_one
from feedback import applying, missed, partitions, rollups


@shared_task(queue="events")
def apply_pending() -> None:
    """Apply what came in, then count what it touched. One at a time is enough; more would do no harm."""
    with only_one("feedback.apply_pending") as is_ours:
        if is_ours:
            applying.apply_pending()
            rollups.roll_up_due()


@shared_task(queue="default")
def make_partitions() -> None:
    """Each night: the months of the event table, ahead of time, and a second look at recent figures."""
    partitions.make_partitions(today=timezone.now().date())
    rollups.roll_up_due(nightly=True)


@shared_task(queue="events")
def catch_up() -> None:
    """After a restored backup: ask providers what happened in the time that was lost."""
    with only_one("feedback.catch_up") as is_ours:
        if is_ours:
            missed.catch_up(now=timezone.now())
