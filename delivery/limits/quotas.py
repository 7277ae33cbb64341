"""What one batch may take of a day: of an account's quota, and of the ceiling of a warm-up."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from deliverability.warmup import days as warmup_days
from deliverability.warmup.days import plan_for
from delivery.limits import days
from delivery.limits.days import until_tomorrow
from delivery.models import Batch, Limit, Mailing, Provider

_JUDGING = timedelta(seconds=5)  # until yesterday is judged


class Quota(Protocol):
    """Reserved before the mark, given back when not handed over."""

    def reserve(self, want: int, *, now: datetime) -> int:
        """Up to `want`; how many there were to take."""
        ...

    def give_back(self, count: int) -> None:
        """Of the last reservation, to the day it was made on."""
        ...

    def wait(self, now: datetime) -> timedelta:
        """How long until there may be more, when there was nothing."""
        ...

    def for_batch(self, batch_id: int) -> "Quota":
        """The same, with reservations of its own."""
        ...


@dataclass(slots=True)
class AccountQuota:
    """A Limit of messages a day; `kept` of it for urgent mail."""

    limit: Limit
    kept: int = 0
    _at: datetime | None = None

    def reserve(self, want: int, *, now: datetime) -> int:
        self._at = now
        return days.reserve(self.limit, want=want, now=now, kept=self.kept)

    def give_back(self, count: int) -> None:
        if self._at is not None:
            days.give_back(self.limit, count=count, now=self._at)

    def wait(self, now: datetime) -> timedelta:
        return until_tomorrow(now)

    def for_batch(self, batch_id: int) -> "AccountQuota":
        return AccountQuota(self.limit, self.kept)


@dataclass(slots=True)
class WarmupQuota:
    """The ceiling of a warm-up. `batch_id`: the more engaged its people, the sooner it is due on the day after."""

    plan_id: int
    is_counted_only: bool = False
    batch_id: int = 0
    _on: date | None = None
    _is_waiting: bool = False

    def reserve(self, want: int, *, now: datetime) -> int:
        self._on = now.date()
        granted = warmup_days.reserve(self.plan_id, want=want, now=now, is_counted_only=self.is_counted_only)
        self._is_waiting = granted is None
        return granted or 0

    def give_back(self, count: int) -> None:
        if self._on is not None:
            warmup_days.give_back(self.plan_id, count=count, on=self._on)

    def wait(self, now: datetime) -> timedelta:
        rank = Batch.objects.filter(pk=self.batch_id).values_list("rank", flat=True).first() or 0
        return (_JUDGING if self._is_waiting else until_tomorrow(now)) + timedelta(seconds=rank)

    def for_batch(self, batch_id: int) -> "WarmupQuota":
        return WarmupQuota(self.plan_id, self.is_counted_only, batch_id)


def has_warmups(*, mailing: Mailing, provider: Provider) -> bool:
    """Whether ceilings of its domain are kept for a mailing: not for tests, nor where nothing leaves the machine."""
    return bool(mailing.from_domain) and not mailing.is_test and not provider.is_catcher


def warmup_quota(*, mailing: Mailing, provider: Provider, mx_group: int) -> WarmupQuota | None:
    """The ceiling that holds for a mailing and mailbox provider, if any."""
    if not has_warmups(mailing=mailing, provider=provider):
        return None
    plan = plan_for(domain=mailing.from_domain, mx_group=mx_group)
    if plan is None:
        return None
    return WarmupQuota(plan.pk, is_counted_only=mailing.is_transactional)
