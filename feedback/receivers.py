"""What feedback hears from delivery."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from delivery.signals import gone_back
from feedback.missed import note


@receiver(gone_back)
def ask_for_what_was_lost(sender: Any, now: datetime, **_kwargs: Any) -> None:
    note(now=now)
