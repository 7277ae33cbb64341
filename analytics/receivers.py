"""What we hear of Celery's own signals."""

from contextlib import suppress
from typing import Any

from celery.signals import after_task_publish
from django.utils import timezone
from redis.exceptions import RedisError

from analytics import health


def beat_rang(sender: str = "", **_kwargs: Any) -> None:
    """Only the beat publishes the heartbeat: here its process says that it lives."""
    if sender == "analytics.tasks.beat":
        with suppress(RedisError):
            health.note_beat(now=timezone.now())


after_task_publish.connect(beat_rang)
