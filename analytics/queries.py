"""What home shows besides rates: what is being sent, what comes next, what was sent last."""

from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q

from campaigns.figures.live import forecast_of, pace_of
from campaigns.models import Campaign
from campaigns.queries import Row, rows_of
from delivery.forecast import Forecast
from delivery.ledger import Ledger, ledger_of
from delivery.models import Mailing

_ALIVE = (Mailing.State.PLANNED, Mailing.State.SENDING, Mailing.State.PAUSED)
OTHERS = 4
LATEST = 6
NEXT = 5


@dataclass(frozen=True, slots=True)
class Sending:
    """The campaign that is leaving, with its ledger; `others` leave at the same time. `a_minute`: handed over.

    `forecast`: when it will be through; None while nobody can say.
    """

    campaign: Campaign
    row: Row
    ledger: Ledger
    a_minute: int
    forecast: Forecast | None
    others: list[Row]

    @property
    def share(self) -> float | None:
        ledger = self.ledger
        settled = ledger.accepted + ledger.refused + ledger.skipped + ledger.unknown
        return settled / ledger.planned if ledger.planned else None

    @property
    def moving_count(self) -> int:
        """Those shown that are not paused."""
        mailings = [self.campaign.mailing, *(row.campaign.mailing for row in self.others)]
        return sum(mailing is not None and mailing.state == Mailing.State.SENDING for mailing in mailings)


def sending() -> Sending | None:
    """What is leaving now, what moves first before what is paused; None when nothing is."""
    alive = (
        Campaign.objects.shown()
        .filter(mailing__state__in=_ALIVE)
        .prefetch_related("lists")
        .annotate(is_still=ExpressionWrapper(Q(mailing__state=Mailing.State.PAUSED), output_field=BooleanField()))
        .order_by("is_still", "-mailing__created_at")
    )
    rows = rows_of(alive[: 1 + OTHERS])
    if not rows:
        return None
    campaign = rows[0].campaign
    assert campaign.mailing
    is_moving = campaign.mailing.state == Mailing.State.SENDING
    pace = pace_of(campaign.mailing)
    return Sending(
        campaign=campaign,
        row=rows[0],
        ledger=ledger_of(campaign.mailing.pk, with_reasons=False),
        a_minute=pace.recent if is_moving else 0,
        forecast=forecast_of(campaign.mailing, pace) if is_moving else None,
        others=rows[1:],
    )


def upcoming() -> list[Campaign]:
    """Scheduled campaigns by date, then the drafts somebody worked on last."""
    scheduled = Campaign.objects.filter(state=Campaign.State.SCHEDULED).order_by("starts_at")[:NEXT]
    drafts = Campaign.objects.filter(state=Campaign.State.DRAFT).order_by("-updated_at", "-pk")[:NEXT]
    return [*scheduled, *drafts][:NEXT]


def latest() -> list[Row]:
    """The campaigns that left last, with their rates."""
    gone = Campaign.objects.shown().filter(mailing__started_at__isnull=False).prefetch_related("lists")
    return rows_of(gone.order_by("-mailing__started_at", "-pk")[:LATEST])
