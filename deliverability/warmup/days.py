"""What is left of a day's ceiling, counted in PostgreSQL so that it is exact whatever happens to Redis."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from contacts.mailbox_providers import MAILBOX_PROVIDERS, OTHERS
from deliverability.models import WarmupDay, WarmupPlan


def plan_for(*, domain: str, mx_group: int) -> WarmupPlan | None:
    """The plan whose ceilings hold for a domain at a mailbox provider: its own, else that of the others; one query."""
    found = {plan.mx_group: plan for plan in WarmupPlan.objects.filter(domain__name=domain, mx_group__in=[mx_group, 0])}
    plan = found.get(mx_group) or found.get(OTHERS)
    return None if plan is None or plan.is_done else plan


def covered(*, domain: str) -> dict[int, WarmupPlan]:
    """The plan that holds, by number of mailbox provider; without those that none holds for. One query."""
    plans = {plan.mx_group: plan for plan in WarmupPlan.objects.filter(domain__name=domain).select_related("domain")}
    found = {known.number: plans.get(known.number) or plans.get(OTHERS) for known in MAILBOX_PROVIDERS}
    return {number: plan for number, plan in found.items() if plan is not None and not plan.is_done}


def reserve(plan_id: int, *, want: int, now: datetime, is_counted_only: bool = False) -> int | None:
    """Take up to `want` of today's ceiling; how many there were to take. None: yesterday must be judged first.

    `is_counted_only`: mail somebody waits for is counted, and never held.
    """
    today = now.date()
    with transaction.atomic():
        plan = WarmupPlan.objects.open().filter(pk=plan_id).first()
        if plan is None:
            return want
        day, _ = WarmupDay.objects.select_for_update().get_or_create(
            plan=plan, on=today, defaults={"ceiling": plan.ceiling}
        )
        if not is_counted_only and plan.is_waiting(today=today):
            return None
        granted = want if is_counted_only else max(0, min(want, plan.ceiling - day.reserved_count))
        if granted or day.ceiling != plan.ceiling:
            WarmupDay.objects.filter(pk=day.pk).update(
                reserved_count=F("reserved_count") + granted, ceiling=plan.ceiling
            )
    return granted


def give_back(plan_id: int, *, count: int, on: date) -> None:
    """Return what was reserved on that day and certainly not handed over."""
    if count > 0:
        day = WarmupDay.objects.filter(plan=plan_id, on=on)
        day.update(reserved_count=Greatest(F("reserved_count") - count, 0))


def used(plans: list[WarmupPlan], *, today: date) -> dict[int, int]:
    """What of today's ceiling is gone, by plan id; one query."""
    rows = WarmupDay.objects.filter(plan__in=plans, on=today).values_list("plan_id", "reserved_count")
    return dict(rows)
