"""When a campaign that has not left would be through, as it stands."""

from datetime import datetime

from campaigns.models import UNDO, Campaign
from campaigns.orders import mailing_order
from campaigns.review.reach import Reach, reach_of
from delivery.forecast import Forecast, of_order


def forecast_of(
    campaign: Campaign, *, now: datetime, at: datetime | None = None, reach: Reach | None = None
) -> Forecast | None:
    """If it left at `at`, or at once; None without a provider. `reach`: where it was counted already."""
    reach = reach or reach_of(campaign, may_be_kept=True)
    order = mailing_order(campaign, starts_at=max(at or now, now + UNDO))
    return of_order(order, people={share.number: share.count for share in reach.mailboxes}, now=now)
