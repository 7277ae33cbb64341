"""What the pages of warm-ups show, in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from contacts.mailbox_providers import MAILBOX_PROVIDERS, OTHERS
from deliverability.models import SendingDomain, WarmupDay, WarmupDecision, WarmupPlan
from deliverability.warmup.curves import USUAL
from deliverability.warmup.days import used
from deliverability.warmup.judging import BOUNDS, Bound

SHOWN_DAYS = 30
AHEAD = 7  # days to come: the steep end would flatten what has been
SHOWN_DECISIONS = 100


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan with what of today is used, and its last decision."""

    plan: WarmupPlan
    used: int
    last: WarmupDecision | None

    @property
    def left(self) -> int:
        return max(0, self.plan.ceiling - self.used)

    @property
    def day_share(self) -> float:
        """How far through its steps."""
        return self.plan.number / self.plan.length


@dataclass(frozen=True, slots=True)
class DomainPlans:
    """A sending domain, its plans, and the mailbox providers it could begin at."""

    domain: SendingDomain
    rows: list[PlanRow] = field(default_factory=list)

    @property
    def choices(self) -> list[tuple[int, str, bool]]:
        """(number, name, is usual) of mailbox providers without a plan, the usual first."""
        known = {row.plan.mx_group for row in self.rows if not row.plan.is_done}
        names = {provider.number: str(provider.name) for provider in MAILBOX_PROVIDERS}
        numbers = [*USUAL, *(number for number in names if number not in USUAL)]
        return [(number, names[number], number in USUAL) for number in numbers if number not in known]


def plans_of(domains: Sequence[SendingDomain], *, today: date) -> list[DomainPlans]:
    """Each domain with its plans; three statements, however many there are."""
    plans = list(WarmupPlan.objects.filter(domain__in=domains).order_by("mx_group"))
    gone = used(plans, today=today)
    latest = WarmupDecision.objects.filter(plan__in=plans).order_by("plan_id", "-at", "-pk").distinct("plan_id")
    last = {decision.plan_id: decision for decision in latest}
    found = {domain.pk: DomainPlans(domain) for domain in domains}
    for plan in sorted(plans, key=lambda plan: (plan.mx_group == OTHERS, plan.mx_group)):
        found[plan.domain_id].rows.append(PlanRow(plan, gone.get(plan.pk, 0), last.get(plan.pk)))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a plan's curve. `sent` None: still to come."""

    on: date
    ceiling: int
    sent: int | None


def curve_of(plan: WarmupPlan, *, today: date) -> list[Day]:
    """The last days with what was sent, today, and the next few if each goes well."""
    rows = WarmupDay.objects.filter(plan=plan, on__lt=today).order_by("-on")[:SHOWN_DAYS]
    days = [Day(row.on, row.ceiling, row.reserved_count) for row in reversed(rows)]
    if plan.is_done:
        return days
    days.append(Day(today, plan.ceiling, used([plan], today=today).get(plan.pk, 0)))
    coming = [plan.ceiling] * AHEAD if plan.is_kept else plan.ceilings[plan.step + 1 :][:AHEAD]
    return days + [Day(today + timedelta(days=number), int(most), None) for number, most in enumerate(coming, start=1)]


def log_of(plan: WarmupPlan) -> list[WarmupDecision]:
    """Decisions, the newest first, as many as a page shows."""
    rows = WarmupDecision.objects.filter(plan=plan).select_related("user").order_by("-at", "-pk")
    return list(rows[:SHOWN_DECISIONS])


def bounds() -> Sequence[Bound]:
    """The limits a day is judged by."""
    return BOUNDS


def stepped_back(*, most: int) -> list[WarmupDecision]:
    """Of every plan that stands lower than it did, the decision that took it there, the latest first."""
    plans = WarmupPlan.objects.filter(state=WarmupPlan.State.BACK)
    back = WarmupDecision.objects.filter(plan__in=plans, verb=WarmupDecision.Verb.BACK)
    latest = back.order_by("plan_id", "-at", "-pk").distinct("plan_id").values("pk")
    return list(WarmupDecision.objects.filter(pk__in=latest).select_related("plan__domain").order_by("-at")[:most])
