"""What the end of a batch's run says of its account, and whether the rest of its mailing leaves through another."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from delivery.failover.causes import class_of
from delivery.failover.choosing import domains_of
from delivery.failover.health import Sign, forget_suspicions, take
from delivery.failover.steering import steer
from delivery.lanes.contract import Halt
from delivery.ledger import Claim
from delivery.limits.days import until_tomorrow, used_today
from delivery.limits.governor import hold_account
from delivery.limits.room import open_to
from delivery.models import Batch, Cause, Limit, Mailing, Outage
from delivery.models.limits import EVERYBODY
from delivery.sending import Run


def leads_elsewhere(claim: Claim, run: Run, *, is_slowed: bool, now: datetime) -> bool:
    """Take in how a run ended; True when what is left of its mailing leaves through another account from here on."""
    sign = _sign(claim, run, is_slowed=is_slowed, now=now)
    if sign is None:
        if run.accepted:
            forget_suspicions(claim.provider_id)
        return False
    if not take(sign, now=now):
        return False
    if run.halt is Halt.QUOTA:
        _hold(claim.provider_id, run.words)
    target = steer(claim.mailing_id, now=now).target
    if target is None or target == claim.provider_id:
        return False
    if run.is_granted_nothing:  # it waits for the quota of an account it has left
        moved = Batch.objects.filter(~Q(provider=claim.provider_id), pk=claim.batch_id, state=Batch.State.PENDING)
        moved.update(due_at=now + run.backoff)
    return True


def _sign(claim: Claim, run: Run, *, is_slowed: bool, now: datetime) -> Sign | None:
    if run.halt is None:
        return _quota(claim, now) if run.is_granted_nothing else None
    kind = class_of(run.halt)
    if kind is None or (kind.cause is Cause.UNREACHABLE and (is_slowed or _has_answered(run))):
        return None
    domain = ""
    if kind.of_sender:
        domain = min(domains_of(Mailing.objects.get(pk=claim.mailing_id)), default="")
    words = run.words or next(iter(run.later), "")
    until = now + run.asked if kind.cause is Cause.QUOTA and run.asked else None
    return Sign(claim.provider_id, kind.cause, words, domain=domain, is_urgent=claim.is_urgent, until=until)


def _hold(provider_id: int, words: str) -> None:
    """Nothing is tried at an account whose quota is used up, before it is looked at again."""
    row = Outage.objects.filter(provider=provider_id, cause=Cause.QUOTA, ended_at=None).first()
    if row is not None and row.try_at is not None:
        hold_account(provider_id, until=row.try_at, words=words)


def _has_answered(run: Run) -> bool:
    """Whether the server had a word about a person, and not about the connection alone."""
    return bool(run.answered - run.lost)


def _quota(claim: Claim, now: datetime) -> Sign | None:
    """The whole account's limit of a day, where that is what let nothing through."""
    limit = Limit.objects.filter(provider=claim.provider_id, mx_group=EVERYBODY, unit=Limit.Unit.DAY).first()
    if limit is None:
        return None
    mailing = Mailing.objects.select_related("stream").get(pk=claim.mailing_id)
    if used_today(limit, now=now) < open_to(mailing, limit):
        return None
    words = _("%(amount)d messages a day are allowed through this account.") % {"amount": limit.amount}
    return Sign(claim.provider_id, Cause.QUOTA, words, until=now + until_tomorrow(now))
