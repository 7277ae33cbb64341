"""Which lane a provider's messages take."""

from delivery.capabilities import kind_of
from delivery.lanes.anymail import AnymailLane
from delivery.lanes.contract import Lane
from delivery.lanes.smtp import SmtpLane
from delivery.models import Provider


def lane_for(provider: Provider) -> Lane:
    """A lane of this provider, not yet connected."""
    return SmtpLane(provider) if kind_of(provider.kind).is_smtp else AnymailLane(provider)
