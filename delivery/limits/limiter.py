"""Every limit that holds for one batch, asked before each of its windows."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from redis import RedisError

from accounts.models import User
from accounts.services import audit
from delivery.limits.buckets import Bucket, Grant, grant
from delivery.limits.defaults import COURTESIES, Courtesy
from delivery.limits.governor import CONNECTIONS, PER_MINUTE
from delivery.limits.quotas import AccountQuota, Quota, warmup_quota
from delivery.limits.room import is_kept, kept_of_day
from delivery.limits.streams import limits_of
from delivery.models import Limit, Mailing, Pace, Provider
from delivery.models.limits import EVERYBODY

_WITHOUT_REDIS = timedelta(seconds=5)
Unit = Limit.Unit


@dataclass(slots=True)
class Limiter:
    """Grants windows. `give_back` what was granted and not handed over, so that a day's quota is not lost."""

    buckets: list[Bucket] = field(default_factory=list)
    days: list[Quota] = field(default_factory=list)

    def take(self, want: int, *, now: datetime) -> Grant:
        """Up to `want` messages now, or the wait until one may leave. Quotas of a day first, rates last."""
        for number, quota in enumerate(self.days):
            granted = quota.reserve(want, now=now)
            self._return(self.days[:number], want - granted)
            want = granted
            if not want:
                return Grant(count=0, wait=quota.wait(now))
        try:
            found = grant(self.buckets, want=want)
        except RedisError:
            # Limits are known and cannot be asked: nothing leaves.
            found = Grant(count=0, wait=_WITHOUT_REDIS)
        self._return(self.days, want - found.count)
        return found

    def give_back(self, count: int) -> None:
        self._return(self.days, count)

    def for_batch(self, batch_id: int) -> "Limiter":
        """The same limits for one batch: what it reserves is its own."""
        return Limiter(self.buckets, [quota.for_batch(batch_id) for quota in self.days])

    @staticmethod
    def _return(days: list[Quota], count: int) -> None:
        for quota in days:
            quota.give_back(count)


def limiter_for(*, mailing: Mailing, provider: Provider, mx_group: int) -> Limiter:
    """What holds for a mailing's batches at one mailbox provider: limits, warm-up, the governor's step, its pace."""
    limiter = Limiter()
    if warmup := warmup_quota(mailing=mailing, provider=provider, mx_group=mx_group):
        limiter.days.append(warmup)
    quotas, rates = limits_of(mailing)
    limiter.days += quotas
    limiter.buckets += rates
    held = [limit for limit in provider.limits.all() if limit.mx_group in (EVERYBODY, mx_group)]
    leaves_room = bool(held) and not _is_urgent(mailing) and is_kept(provider.pk)
    for limit in held:
        if limit.unit == Unit.DAY:
            limiter.days.append(AccountQuota(limit, kept_of_day(limit) if leaves_room else 0))
        elif limit.unit != Unit.CONNECTIONS:
            limiter.buckets.append(_bucket(limit, is_shared=leaves_room))
    has_own = any(limit.unit == Unit.MINUTE and limit.mx_group == mx_group for limit in held)
    slowest = _per_minute(provider, mx_group, has_own=has_own)
    if slowest:
        limiter.buckets.append(Bucket(f"{provider.pk}:{mx_group}:pace", slowest, timedelta(minutes=1)))
    if mailing.pace_seconds and mailing.planned_count:
        period = timedelta(seconds=mailing.pace_seconds)
        limiter.buckets.append(Bucket(f"mailing:{mailing.pk}", mailing.planned_count, period))
    return limiter


def rooms(provider: Provider) -> dict[int, int]:
    """Connections at once by mailbox provider, where they are fewer than the account's."""
    paces = dict(provider.paces.filter(step__gt=0).values_list("mx_group", "step"))
    own = dict(provider.limits.filter(unit=Unit.CONNECTIONS).values_list("mx_group", "amount"))
    found = {}
    for group in {*COURTESIES, *paces, *own} - {EVERYBODY}:
        asked = own.get(group) or courtesy_of(provider, group).connections
        slowed = CONNECTIONS[paces.get(group, 0)]
        if least := min((number for number in (asked, slowed) if number), default=0):
            found[group] = least
    return found


def account_limits(provider: Provider) -> dict[int, int]:
    """Amount by unit of what holds for the whole account."""
    return dict(provider.limits.filter(mx_group=EVERYBODY).values_list("unit", "amount"))


def set_account_limits(
    *, provider: Provider, amounts: Mapping[int, int | None], is_direct: bool, user: User | None
) -> None:
    """Store what holds for the whole account; None takes a limit away. Windows that are open are not touched.

    `is_direct`: its server hands mail to the mailbox providers itself, so that their known limits are kept here.
    """
    with transaction.atomic():
        locked = Provider.objects.select_for_update().get(pk=provider.pk)
        locked.options["is_direct"] = is_direct
        locked.save(update_fields=["options"])
        store_limits(provider, EVERYBODY, amounts)
        said = {str(unit): amount for unit, amount in amounts.items()}
        audit(verb="provider.limits", target=f"provider:{provider.pk}", user=user, amounts=said)


def store_limits(provider: Provider, mx_group: int, amounts: Mapping[int, int | None]) -> None:
    """The rows of one account and mailbox provider, or EVERYBODY; None takes one away."""
    for unit, amount in amounts.items():
        mine = Limit.objects.filter(provider=provider, mx_group=mx_group, unit=unit)
        if amount is None:
            mine.delete()
        else:
            mine.update_or_create(provider=provider, mx_group=mx_group, unit=unit, defaults={"amount": amount})


def courtesy_of(provider: Provider, mx_group: int) -> Courtesy:
    """What a mailbox provider asks of servers that hand it mail directly; a relay paces its own deliveries."""
    return COURTESIES.get(mx_group, Courtesy()) if provider.options.get("is_direct") else Courtesy()


def _per_minute(provider: Provider, mx_group: int, *, has_own: bool) -> int:
    step = 0
    with contextlib.suppress(Pace.DoesNotExist):
        step = provider.paces.get(mx_group=mx_group).step
    rates = [PER_MINUTE[step], 0 if has_own else courtesy_of(provider, mx_group).per_minute]
    return min((rate for rate in rates if rate), default=0)


def _is_urgent(mailing: Mailing) -> bool:
    return mailing.stream is not None and mailing.stream.is_urgent


def _bucket(limit: Limit, *, is_shared: bool) -> Bucket:
    return Bucket(
        f"{limit.provider_id}:{limit.mx_group}:{limit.unit}", limit.amount, timedelta(seconds=limit.unit), is_shared
    )
