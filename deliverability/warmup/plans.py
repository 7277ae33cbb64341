"""The verbs of a warm-up, each with its line in the plan's log and in the audit log."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from deliverability.models import SendingDomain, WarmupDecision, WarmupPlan
from deliverability.warmup.curves import MOST_DAYS, MOST_RISE, ceilings_for

Verb, State = WarmupDecision.Verb, WarmupPlan.State


class BrokenCeilings(ValueError):
    """Ceilings that would harm; the message says which and why, in the active language."""


@transaction.atomic
def start(*, domain: SendingDomain, groups: Iterable[int], user: User | None, today: date) -> list[WarmupPlan]:
    """Begin a warm-up at these mailbox providers with their default ceilings; who is done begins anew.

    Plans that are running keep what they have.
    """
    made = []
    for group in groups:
        fresh = {
            "ceilings": ceilings_for(group), "step": 0, "state": State.RUNNING, "is_kept": False,
            "started_on": today, "judged_on": today - timedelta(days=1),
        }  # fmt: skip
        plan, is_new = WarmupPlan.objects.get_or_create(domain=domain, mx_group=group, defaults=fresh)
        if is_new or WarmupPlan.objects.filter(pk=plan.pk, state=State.DONE).update(**fresh):
            plan.refresh_from_db()
            made.append(plan)
            _note(plan, Verb.STARTED, user)
    if made:
        numbers = [plan.mx_group for plan in made]
        audit(verb="warmup.start", target=f"domain:{domain.pk}", user=user, domain=domain.name, groups=numbers)
    return made


def keep(plan: WarmupPlan, *, user: User | None) -> bool:
    """Stay at this step until somebody releases it; False when it is done, or kept already."""
    return _move(plan, {"is_kept": False}, {"is_kept": True, "state": State.HELD}, Verb.KEPT, user)


def release(plan: WarmupPlan, *, user: User | None) -> bool:
    """Go on by itself, from the step it stands on; False when nobody holds it."""
    return _move(plan, {"state__in": [State.HELD, State.BACK]}, {"is_kept": False, "state": State.RUNNING},
                 Verb.RELEASED, user)  # fmt: skip


def finish(plan: WarmupPlan, *, user: User | None) -> bool:
    """No ceiling any more, from the next window on; False when it is done already."""
    return _move(plan, {}, {"state": State.DONE, "is_kept": False}, Verb.FINISHED, user)


def change_ceilings(plan: WarmupPlan, *, ceilings: Sequence[int], user: User | None) -> bool:
    """Other ceilings; the step stays, as far as there are so many. False when it is done. Raises BrokenCeilings."""
    check_ceilings(ceilings)
    step = min(plan.step, len(ceilings) - 1)
    return _move(plan, {}, {"ceilings": list(ceilings), "step": step}, Verb.EDITED, user)


def check_ceilings(ceilings: Sequence[int]) -> None:
    """Raises BrokenCeilings, naming the day."""
    if not 1 <= len(ceilings) <= MOST_DAYS:
        raise BrokenCeilings(_("Give between 1 and %(most)d days.") % {"most": MOST_DAYS})
    for day, (before, ceiling) in enumerate(zip([ceilings[0], *ceilings], ceilings, strict=False), start=1):
        if not 1 <= ceiling <= 100_000_000:
            raise BrokenCeilings(_("Day %(day)d: at least one message must be allowed.") % {"day": day})
        if ceiling > before * MOST_RISE:
            raise BrokenCeilings(
                _("Day %(day)d is more than double the day before: mailbox providers read that as a stolen account.")
                % {"day": day}
            )


@transaction.atomic
def _move(
    plan: WarmupPlan, required: dict[str, object], changes: dict[str, object], verb: WarmupDecision.Verb,
    user: User | None,
) -> bool:  # fmt: skip
    if not WarmupPlan.objects.open().filter(pk=plan.pk, **required).update(**changes):
        return False
    plan.refresh_from_db()
    _note(plan, verb, user)
    audit(verb=f"warmup.{verb}", target=f"domain:{plan.domain_id}", user=user, group=plan.mx_group)
    return True


def _note(plan: WarmupPlan, verb: WarmupDecision.Verb, user: User | None) -> None:
    WarmupDecision.objects.create(plan=plan, verb=verb, step=plan.step, ceiling=plan.ceiling, user=user)
