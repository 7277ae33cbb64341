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
        for mailing_id in services.start_due(now=timezone.now()) if is_ours else ():
            current_app.send_task("delivery.tasks.freeze", (mailing_id,), queue="bulk", expires=10)


def ring_at(instant: datetime) -> None:
    """Somebody clicked on "send": begin at that very instant, some seconds from now, not at the beat's next turn."""
    start_due.apply_async(eta=instant, expires=instant + timedelta(seconds=10), queue="default")
