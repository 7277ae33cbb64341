"""By which stream and through whom a campaign leaves, where it names them and where it does not."""

from campaigns.models import Campaign
from delivery.models import Provider, Stream
from delivery.streams import default_stream, provider_for


def stream_of(campaign: Campaign) -> Stream:
    """The stream it names, else the one for marketing."""
    return campaign.stream or default_stream(Stream.Kind.MARKETING)


def provider_of(campaign: Campaign) -> Provider | None:
    """Through whom it left or would leave now: its mailing's account, the one it names, else its stream's first."""
    if campaign.mailing is not None:
        return campaign.mailing.provider
    return campaign.provider or provider_for(stream_of(campaign))
