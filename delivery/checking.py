"""The nightly count of the ledger, and what pages say of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from delivery.ledger import check_ledger
from delivery.models import LedgerCheck, Mailing

log = structlog.get_logger(__name__)

_MOST = 500  # mailings counted, the latest
_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the last count said of one mailing. `counted`: its seven numbers from the rows, where they disagree."""

    at: datetime
    is_balanced: bool
    counted: dict[str, int]


def check_all(*, now: datetime) -> LedgerCheck:
    """Count every mailing that has begun from its rows, and keep the result."""
    imbalances, count = [], 0
    for mailing in Mailing.objects.exclude(state=Mailing.State.PLANNED).order_by("-pk")[:_MOST].iterator():
        count += 1
        if found := check_ledger(mailing):
            told = {"counted": found.counted.numbers(), "recorded": found.recorded.numbers()}
            log.error("ledger_does_not_balance", mailing=mailing.pk, **told)
            imbalances.append({"mailing": mailing.pk} | told)
    LedgerCheck.objects.filter(at__lt=now - _KEPT).delete()
    return LedgerCheck.objects.create(at=now, mailing_count=count, imbalances=imbalances)


def last_check() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-at").first()


def counted(mailing: Mailing) -> Counted | None:
    """What the last count said of this mailing; None when it has begun since, or nothing was counted yet."""
    last = last_check()
    if last is None or mailing.started_at is None or mailing.started_at > last.at:
        return None
    wrong = next((row["counted"] for row in last.imbalances if row["mailing"] == mailing.pk), None)
    return Counted(at=last.at, is_balanced=wrong is None, counted=wrong or {})
