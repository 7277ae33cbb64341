"""What campaigns hear from delivery."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from delivery.signals import gone_back


@receiver(gone_back)
def give_back_overdue(sender: Any, now: datetime, **_kwargs: Any) -> None:
    """After a restored backup, a campaign whose time is over may have left since: a person looks before it does."""
    for campaign in Campaign.objects.due(now).select_related("started_by"):
        person = campaign.started_by
        with translation.override((person.language if person else "") or campaign.language):
            words = _(
                "The database was restored from a backup made before its time: it may have left already. Look at what "
                "your provider and your readers have, then send it or delete it."
            )
        Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.DRAFT, starts_at=None, problem=words)
