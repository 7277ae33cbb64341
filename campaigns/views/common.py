"""What several pages of a campaign share."""

from typing import Any

from django.shortcuts import get_object_or_404

from accounts.http import Request
from campaigns.models import Campaign
from campaigns.phases import BADGES, TO_NOBODY
from campaigns.review.reach import Reach, reach_at_once, reach_of
from campaigns.ways import provider_of, stream_of

STEPS = ("audience", "content", "review")


def find(pk: int) -> Campaign:
    """The campaign with what its head shows, or 404."""
    return get_object_or_404(Campaign.objects.shown(), pk=pk)


def head(campaign: Campaign) -> dict[str, Any]:
    """Context of a page's head: the campaign and its badges."""
    provider = provider_of(campaign)
    return {
        "campaign": campaign,
        "provider": provider,
        "stream": campaign.mailing.stream if campaign.mailing else stream_of(campaign),
        "badge": BADGES[campaign.phase],
        "to_nobody": TO_NOBODY if provider is not None and provider.is_catcher else None,
    }


def known_reach(request: Request, campaign: Campaign) -> Reach | None:
    """How many it is for; None for so many that the page comes first and asks for the number itself (`counts`)."""
    if "counts" in request.GET:
        return reach_of(campaign, may_be_kept=True)
    return reach_at_once(campaign, may_be_kept="again" not in request.GET)
