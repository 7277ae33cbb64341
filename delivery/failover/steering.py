"""Giving the pending batches of a mailing to the account it leaves through now."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection, transaction

from accounts.services import audit
from common.sql import load_sql
from delivery.failover.choosing import Choice, choose
from delivery.failpoints import passing
from delivery.models import Batch, Cause, Detour, Mailing, Outage, Provider

log = structlog.get_logger(__name__)

SENDING = Mailing.State.SENDING


def steer_all(*, now: datetime) -> int:
    """Every mailing whose batches stand at an account that is out of order, or that makes a detour; called by the
    sweep, safe from several. How many batches moved."""
    Detour.objects.filter(ended_at=None, mailing__state__in=[Mailing.State.FINISHED, Mailing.State.CANCELLED]).update(
        ended_at=now
    )
    out = Outage.objects.filter(ended_at=None).exclude(began_at=None).values_list("provider_id", flat=True)
    ids = set(Detour.objects.filter(ended_at=None, mailing__state=SENDING).values_list("mailing_id", flat=True))
    if accounts := list(out):
        stuck = Batch.objects.filter(
            state=Batch.State.PENDING, provider__in=accounts, mailing__state=SENDING, mailing__is_pinned=False
        )
        ids |= set(stuck.values_list("mailing_id", flat=True).distinct())
    return sum(steer(mailing_id, now=now).moved for mailing_id in sorted(ids))


@dataclass(frozen=True, slots=True)
class Steered:
    """Through whom a mailing leaves from here on (None: nobody can), and how many batches moved for it."""

    target: int | None
    moved: int = 0


def steer(mailing_id: int, *, now: datetime) -> Steered:
    """Put the batches of one mailing where they belong. Where nobody can send they stay."""
    mailing = Mailing.objects.select_related("provider", "stream").get(pk=mailing_id)
    choice = choose(mailing, now=now)
    if choice.target is None:
        return Steered(None)
    standing = Batch.objects.filter(mailing=mailing, state=Batch.State.PENDING)
    sources = set(standing.values_list("provider_id", flat=True).distinct().order_by()) - {choice.target.pk}
    moved = 0
    with transaction.atomic():
        for source in sorted(sources):
            # Well, and somebody was tried through it: they stay with it.
            moved += _move(mailing_id, source, choice.target, every=source in choice.out)
        _note(mailing, choice, moved=moved, now=now)
        passing("move")
    return Steered(choice.target.pk, moved)


def _move(mailing_id: int, source: int, target: Provider, *, every: bool) -> int:
    with connection.cursor() as cursor:
        values = {"mailing": mailing_id, "source": source, "target": target.pk, "all": every}
        cursor.execute(load_sql("delivery", "move_batches"), values)
        return int(cursor.rowcount)


def _note(mailing: Mailing, choice: Choice, *, moved: int, now: datetime) -> None:
    """The detour a mailing makes from now on, or its end, with an audit entry."""
    assert choice.target is not None
    current = Detour.objects.select_for_update().filter(mailing=mailing, ended_at=None).first()
    is_home = choice.target.pk == choice.home.pk
    if (current is None and (is_home or not moved)) or (current and current.provider_id == choice.target.pk):
        return
    if current is not None:
        current.ended_at = now
        current.save(update_fields=["ended_at"])
    said: dict[str, object] = {"provider": choice.target.pk, "batches": moved}
    if not is_home:
        outage = choice.out[choice.home.pk]
        Detour.objects.create(
            mailing=mailing, provider=choice.target, cause=outage.cause, words=outage.words, began_at=now
        )
        said |= {"cause": Cause(outage.cause).name.lower(), "instead_of": choice.home.pk}
    if moved:  # it waited for its own account; another takes over
        Mailing.objects.filter(pk=mailing.pk, state=SENDING).update(pause_reason="", paused_until=None)
    verb = "mailing.detour_over" if is_home else "mailing.detour"
    audit(verb=verb, target=f"mailing:{mailing.pk}", user=None, **said)
    log.warning("detour", mailing=mailing.pk, is_home=is_home, **said)
