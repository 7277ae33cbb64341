"""When a mailing will be through, by mailbox provider, as far as days decide: warm-ups and quotas of a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from django.db.models import F, Sum

from contacts.mailbox_providers import BY_NUMBER
from deliverability.models import WarmupPlan
from deliverability.warmup.days import covered, used
from deliverability.warmup.forecasting import when_through
from delivery.models import Batch, Limit, Mailing, Provider

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Stretch:
    """People of one warm-up plan: `people` of this mailing, after `ahead` of others that wait already.

    `until`: the day the last of them leaves (UTC), None when that is more than a year away; `days` with the first.
    """

    plan: WarmupPlan
    people: int
    ahead: int
    used: int
    until: date | None
    days: int

    @property
    def who(self) -> "str | _StrPromise":
        return self.plan.who

    @property
    def room(self) -> int:
        """What may still leave today."""
        return max(0, self.plan.ceiling - self.used)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The longest first. `days` and `until` are of the last; no stretches = no day holds it back."""

    stretches: list[Stretch]

    @property
    def days(self) -> int:
        return max((one.days for one in self.stretches), default=0)

    @property
    def until(self) -> date | None:
        """None when nothing is held back, or somebody has to wait for more than a year."""
        return None if self.is_endless else max((one.until for one in self.stretches if one.until), default=None)

    @property
    def is_endless(self) -> bool:
        return any(one.until is None for one in self.stretches)


def forecast_of(
    *, domain: str, provider: Provider | None, people: Mapping[int, int], now: datetime, mailing: Mailing | None = None
) -> Forecast:
    """For `people` by number of mailbox provider, still to be written to from `domain`; five statements at most.

    `mailing`: the one they are of, when it is being sent; those of mailings that began before leave before them.
    """
    if provider is None or provider.is_catcher or not domain:
        return Forecast([])
    plans = covered(domain=domain)
    if not plans:
        return Forecast([])
    waiting = _waiting(domain, mailing)
    quotas = _quotas(provider)
    today = now.astimezone(UTC).date()
    by_id = {plan.pk: plan for plan in plans.values()}
    gone = used(list(by_id.values()), today=today)
    shares: dict[int, list[int]] = {}
    for group, count in people.items():
        if count > 0 and group in plans:
            shares.setdefault(plans[group].pk, []).append(group)
    found = []
    for pk, groups in shares.items():
        plan = by_id[pk]
        mine = sum(people[group] for group in groups)
        ahead = sum(count for group, count in waiting.items() if group in plans and plans[group].pk == pk)
        most = quotas.get(groups[0], 0) if len(groups) == 1 else 0
        used_today = gone.get(pk, 0)
        end = when_through(plan, people=mine + ahead, used=used_today, today=today, most_a_day=most)
        found.append(Stretch(plan, mine, ahead, used_today, end.on if end else None, end.days if end else 366))
    return Forecast(sorted(found, key=lambda one: (-one.days, -one.people)))


def _waiting(domain: str, mailing: Mailing | None) -> dict[int, int]:
    """People by mailbox provider who wait in other mailings of the domain, those that began before it."""
    open_batches = Batch.objects.filter(
        mailing__from_domain=domain,
        mailing__state=Mailing.State.SENDING,
        mailing__is_test=False,
        provider__is_catcher=False,
        state__in=[Batch.State.PENDING, Batch.State.CLAIMED],
    )
    if mailing is not None:
        open_batches = open_batches.exclude(mailing=mailing)
        if mailing.started_at is not None:
            open_batches = open_batches.filter(mailing__started_at__lte=mailing.started_at)
    settled = F("accepted_count") + F("refused_count") + F("skipped_count") + F("unknown_count")
    rows = open_batches.values("mx_group").annotate(left=Sum(F("last_id") - F("first_id") + 1 - settled))
    return {row["mx_group"]: row["left"] for row in rows}


def _quotas(provider: Provider) -> dict[int, int]:
    rows = Limit.objects.filter(provider=provider, unit=Limit.Unit.DAY, mx_group__in=list(BY_NUMBER))
    return dict(rows.values_list("mx_group", "amount"))
