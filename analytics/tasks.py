"""What the beat rings."""

from celery import shared_task
from django.utils import timezone

from analytics import health


@shared_task
def beat() -> None:
    """The heartbeat: a worker that runs it is alive."""
    health.note_worker(now=timezone.now())
