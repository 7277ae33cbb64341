"""Outages of accounts: from the first sign, through looks in vain, to the word that it is well again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.services import audit
from delivery.failover.causes import BY_CAUSE, Class
from delivery.lanes.contract import LaneClosed
from delivery.lanes.probing import probe
from delivery.limits.governor import free_account
from delivery.models import Cause, Outage, Provider

log = structlog.get_logger(__name__)

APART = timedelta(seconds=20)  # signs closer together are one: several connections ended at once
SOON_AGAIN = timedelta(hours=1)  # an outage so soon after the last goes on where that stood


@dataclass(frozen=True, slots=True)
class Sign:
    """What one run says of its account. `until`: known end (a quota of a day)."""

    provider_id: int
    cause: Cause
    words: str
    domain: str = ""
    is_urgent: bool = False
    until: datetime | None = None


def take(sign: Sign, *, now: datetime) -> bool:
    """Note a sign; True when the account is out of order by now."""
    kind = BY_CAUSE[sign.cause]
    key = {"provider_id": sign.provider_id, "cause": sign.cause, "domain": sign.domain if kind.of_sender else ""}
    with transaction.atomic():
        Provider.objects.select_for_update(no_key=True).get(pk=sign.provider_id)  # signs take turns
        row = Outage.objects.filter(ended_at=None, **key).first()
        if row is None:
            row = Outage(strikes=1, struck_at=now, tries=_tries_before(key, now), **key)
        elif now - row.struck_at >= APART:
            row.strikes += 1
            row.struck_at = now
        row.words = sign.words[:1000]
        if row.began_at is None and row.strikes >= (1 if sign.is_urgent else kind.strikes):
            row.began_at = now
            row.try_at = sign.until or now + wait_of(kind, row.tries)
            said = {"cause": sign.cause.name.lower(), "words": row.words}
            audit(verb="provider.outage", target=f"provider:{sign.provider_id}", user=None, **said)
            log.warning("outage", provider=sign.provider_id, cause=sign.cause.name, words=row.words)
        row.save()
    return row.began_at is not None


def _tries_before(key: dict[str, object], now: datetime) -> int:
    last = Outage.objects.filter(ended_at__gt=now - SOON_AGAIN, **key).order_by("-ended_at").first()
    return last.tries + 1 if last else 0


def wait_of(kind: Class, tries: int) -> timedelta:
    """Until the next look: twice as long after each in vain."""
    wait: timedelta = kind.wait * 2 ** min(tries, 16)
    return min(kind.longest, wait)


def forget_suspicions(provider_id: int) -> None:
    """Something was accepted: what was suspected is not so."""
    Outage.objects.filter(provider=provider_id, began_at=None, ended_at=None).delete()


def open_outages() -> list[Outage]:
    """Of all accounts that are out of order."""
    return list(Outage.objects.filter(ended_at=None).exclude(began_at=None).select_related("provider"))


def look(*, now: datetime) -> list[int]:
    """End what time ends, called by the sweep; the accounts a login must tell about, for `try_again`."""
    due = Outage.objects.filter(ended_at=None, try_at__lte=now).exclude(began_at=None)
    by_login = [cause for cause, kind in BY_CAUSE.items() if kind.is_told_by_login]
    for row in due.exclude(cause__in=by_login):
        _end(Q(pk=row.pk), user=None, now=now)
    return list(due.filter(cause__in=by_login).values_list("provider_id", flat=True).distinct().order_by("provider_id"))


def try_again(provider_id: int, *, now: datetime) -> bool:
    """Log in and send nothing; True when the account is well again. Takes up to half a minute; one at a time."""
    due = Outage.objects.filter(provider=provider_id, ended_at=None, try_at__lte=now).exclude(began_at=None)
    rows = [row for row in due if BY_CAUSE[Cause(row.cause)].is_told_by_login]
    won = False
    for row in rows:
        wait = wait_of(BY_CAUSE[Cause(row.cause)], row.tries + 1)
        won |= bool(Outage.objects.filter(pk=row.pk, try_at=row.try_at).update(try_at=now + wait, tries=row.tries + 1))
    if not won:
        return False
    try:
        probe(Provider.objects.get(pk=provider_id))
    except LaneClosed as closed:
        Outage.objects.filter(pk__in=[row.pk for row in rows], ended_at=None).update(words=closed.words[:1000])
        return False
    _end(Q(pk__in=[row.pk for row in rows]), user=None, now=now)
    return True


def end_outages(provider_id: int, *, user: User | None, now: datetime, by_login: bool = False) -> int:
    """A person's word, or (`by_login`) a login that went well: the account may be used again. How many ended."""
    told = [cause for cause, kind in BY_CAUSE.items() if kind.is_told_by_login]
    which = Q(provider=provider_id, cause__in=told) if by_login else Q(provider=provider_id)
    return _end(which, user=user, now=now)


def _end(which: Q, *, user: User | None, now: datetime) -> int:
    ended = 0
    with transaction.atomic():
        Outage.objects.filter(which, began_at=None, ended_at=None).delete()
        for row in Outage.objects.filter(which, ended_at=None).select_for_update():
            row.ended_at = now
            row.save(update_fields=["ended_at"])
            if row.cause == Cause.QUOTA:
                free_account(row.provider_id)
            said = {"cause": Cause(row.cause).name.lower(), "minutes": _minutes(row, now)}
            audit(verb="provider.well_again", target=f"provider:{row.provider_id}", user=user, **said)
            log.info("well_again", provider=row.provider_id, **said)
            ended += 1
    return ended


def _minutes(row: Outage, now: datetime) -> int:
    return round((now - row.began_at).total_seconds() / 60) if row.began_at else 0
