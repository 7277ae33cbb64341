"""Each night the day before is judged: a step on, the same again, or two steps back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from django.db import transaction

from deliverability.models import WarmupDecision, WarmupPlan

log = structlog.get_logger(__name__)
Verb, Sign, State = WarmupDecision.Verb, WarmupDecision.Sign, WarmupPlan.State

BACK_STEPS = 2
ENOUGH = 0.5  # of a day's ceiling: less says too little to go on by


@dataclass(frozen=True, slots=True)
class Signs:
    """What one day showed, in people. `sent`: handed over that day, deferred included."""

    sent: int
    complaints: int = 0
    hard: int = 0
    deferred: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """Shares of the day's messages that hold a plan and that take it back, and the fewest people that count."""

    sign: WarmupDecision.Sign
    count: Callable[[Signs], int]
    hold: float
    back: float
    fewest: int


# Complaints: below 0.1 %, never 0.3 % (Gmail's and Yahoo's sender guidelines). Dead addresses: Amazon SES asks for less
# than 2 % and reviews an account at 5 %. Deferrals: nobody publishes one; a tenth is the governor's own sign.
BOUNDS = (
    Bound(Sign.COMPLAINTS, lambda signs: signs.complaints, hold=0.001, back=0.003, fewest=2),
    Bound(Sign.HARD_BOUNCES, lambda signs: signs.hard, hold=0.02, back=0.05, fewest=3),
    Bound(Sign.DEFERRALS, lambda signs: signs.deferred, hold=0.1, back=0.25, fewest=5),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a plan, and the sign it was for, if any."""

    verb: WarmupDecision.Verb
    step: int
    state: WarmupPlan.State
    sign: WarmupDecision.Sign | None = None
    value: float | None = None
    limit: float | None = None


def verdict_on(plan: WarmupPlan, signs: Signs) -> Verdict:
    """What a day's signs mean for a plan. What takes it back counts even when a person keeps the step."""
    for is_back in (True, False):
        for bound in BOUNDS:
            people, limit = bound.count(signs), bound.back if is_back else bound.hold
            if signs.sent and people >= bound.fewest and people / signs.sent >= limit:
                found = bound.sign, people / signs.sent, limit
                if is_back:
                    return Verdict(Verb.BACK, max(0, plan.step - BACK_STEPS), State.BACK, *found)
                return Verdict(Verb.HELD, plan.step, State.HELD, *found)
    if plan.is_kept:
        return Verdict(Verb.SAME, plan.step, State.HELD)
    if signs.sent < plan.ceiling * ENOUGH:
        return Verdict(Verb.SAME, plan.step, State.RUNNING)
    if plan.step + 1 >= plan.length:
        return Verdict(Verb.DONE, plan.step, State.DONE)
    return Verdict(Verb.FORWARD, plan.step + 1, State.RUNNING)


def decide(plan: WarmupPlan, signs: Signs | None, *, on: date, judged_to: date, now: datetime) -> bool:
    """Move the plan by the day `on` and write it down; `signs` None: nothing was sent, nothing is said.

    False when another worker was faster.
    """
    with transaction.atomic():
        found = verdict_on(plan, signs) if signs is not None else None
        moved = {"step": found.step, "state": found.state} if found else {}
        mine = WarmupPlan.objects.open().filter(pk=plan.pk, judged_on=plan.judged_on, step=plan.step)
        if not mine.update(judged_on=judged_to, **moved):
            return False
        if found is None or signs is None:
            return True
        plan.step = found.step
        WarmupDecision.objects.create(
            plan=plan, at=now, verb=found.verb, step=found.step, ceiling=plan.ceiling, on=on, sent_count=signs.sent,
            complained_count=signs.complaints, hard_bounce_count=signs.hard, deferred_count=signs.deferred,
            sign=found.sign or "", value=found.value, limit=found.limit,
        )  # fmt: skip
    log.info("warmup", plan=plan.pk, verb=found.verb, step=found.step, sent=signs.sent)
    return True
