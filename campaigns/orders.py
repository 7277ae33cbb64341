"""A campaign as an order to delivery."""

from datetime import datetime, timedelta

from campaigns.models import NIGHT, Campaign
from campaigns.review.reach import audience_of
from campaigns.ways import provider_of
from delivery.services import Canary, ContentOrder, MailingOrder


def mailing_order(campaign: Campaign, *, starts_at: datetime) -> MailingOrder:
    """What is frozen into the mailing. A campaign that is not complete gives an order that delivery refuses."""
    version, sender = campaign.template_version, campaign.sender
    content = ContentOrder(
        subject=campaign.subject,
        preheader=campaign.preheader,
        html=version.html if version else "",
        sender_name=sender.name if sender else "",
        sender_address=sender.address if sender else "",
        reply_to=campaign.reply_to or (sender.reply_to if sender else ""),
        language=campaign.language,
    )
    return MailingOrder(
        name=campaign.name,
        audience=audience_of(campaign),
        provider=campaign.provider,
        stream=campaign.stream,
        contents=(content,) if version else (),
        starts_at=starts_at,
        occasion=campaign.occasion,
        is_sample=campaign.is_sample,
        pace=timedelta(hours=campaign.pace_hours) if campaign.pace_hours else None,
        canary=canary_of(campaign),
        quiet=NIGHT if campaign.rests_at_night else None,
    )


def canary_of(campaign: Campaign) -> Canary | None:
    """A large campaign leaves in waves; not to the test inbox, whose answers say nothing about the world."""
    provider = provider_of(campaign)
    if provider is None or provider.is_catcher:
        return None
    return Canary(size=campaign.wave_size, minutes=campaign.wave_minutes)
