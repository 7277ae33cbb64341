"""Quotas of a day, counted in PostgreSQL: an emptied Redis may cost a second's surplus, never an account."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from delivery.models import DailyCount, Limit


def reserve(limit: Limit, *, want: int, now: datetime, kept: int = 0) -> int:
    """Take up to `want` of today's quota (UTC days) before a window is marked; how many there were to take.

    `kept`: what of it is for others.
    """
    with transaction.atomic():
        row, _ = DailyCount.objects.select_for_update().get_or_create(
            provider_id=limit.provider_id, mx_group=limit.mx_group, on=now.date(), defaults={"reserved_count": 0}
        )
        granted = max(0, min(want, limit.amount - kept - row.reserved_count))
        if granted:
            DailyCount.objects.filter(pk=row.pk).update(reserved_count=F("reserved_count") + granted)
    return granted


def give_back(limit: Limit, *, count: int, now: datetime) -> None:
    """Return what was reserved and certainly not handed over."""
    if count > 0:
        row = DailyCount.objects.filter(provider_id=limit.provider_id, mx_group=limit.mx_group, on=now.date())
        row.update(reserved_count=Greatest(F("reserved_count") - count, 0))


def until_tomorrow(now: datetime) -> timedelta:
    """How long until the next UTC day."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow - now


def used_today(limit: Limit, *, now: datetime) -> int:
    """What of the quota is gone."""
    found = DailyCount.objects.filter(provider_id=limit.provider_id, mx_group=limit.mx_group, on=now.date())
    return found.values_list("reserved_count", flat=True).first() or 0
