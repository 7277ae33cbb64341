"""What several pages of a campaign share."""

from typing import Any

from django.shortcuts import get_object_or_404

from campaigns.models import Campaign
from campaigns.phases import BADGES, TO_NOBODY

STEPS = ("audience", "content", "review")


def find(pk: int) -> Campaign:
    """The campaign with what its head shows, or 404."""
    return get_object_or_404(Campaign.objects.shown(), pk=pk)


def head(campaign: Campaign) -> dict[str, Any]:
    """Context of a page's head: the campaign and its badges."""
    provider = campaign.mailing.provider if campaign.mailing else campaign.provider
    return {
        "campaign": campaign,
        "badge": BADGES[campaign.phase],
        "to_nobody": TO_NOBODY if provider is not None and provider.is_catcher else None,
    }
