"""Campaign times."""

from celery import shared_task
from django.utils import timezone

from campaigns import services
from common.locks import only_one


@shared_task
def start_due(**_later: object) -> None:
    """Every two seconds: start the campaigns whose time has come. delivery's own sweep finds what was planned."""
    with only_one("campaigns.start_due") as is_ours:
        if is_ours:
            services.start_due(now=timezone.now())
