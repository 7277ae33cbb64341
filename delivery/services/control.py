"""Pause, resume, cancel: conditional updates of the mailing and nothing else. Whoever holds a window closes it."""

from datetime import datetime

from django.db.models import Case, Value, When

from accounts.models import User
from accounts.services import audit
from delivery import ledger
from delivery.guard import RESTORED
from delivery.models import Mailing

State = Mailing.State


def pause_mailing(mailing_id: int, *, user: User | None = None, reason: str = "") -> bool:
    """Begin nothing more; what is on the wire settles. False when it was not being sent or planned."""
    moved = Mailing.objects.filter(pk=mailing_id, state=State.SENDING).update(
        state=State.PAUSED, pause_reason=reason, paused_until=None
    )
    if moved:
        audit(verb="mailing.pause", target=f"mailing:{mailing_id}", user=user)
    return bool(moved)


def resume_mailing(mailing_id: int, *, user: User | None = None) -> bool:
    """Go on where it stood; held batches may be tried again. False when it was not paused.

    One that had not begun (held by the restore guard) waits for its time again.
    """
    moved = Mailing.objects.filter(pk=mailing_id, state=State.PAUSED).update(
        state=Case(
            When(pause_reason=RESTORED, started_at=None, then=Value(State.PLANNED)), default=Value(State.SENDING)
        ),
        pause_reason="",
        paused_until=None,
    )
    if moved:
        ledger.free_held(mailing_id)
        audit(verb="mailing.resume", target=f"mailing:{mailing_id}", user=user)
    return bool(moved)


def cancel_mailing(mailing_id: int, *, user: User | None = None) -> bool:
    """Write to nobody else: what is left becomes skipped, by the sweep. False when it is over already."""
    moved = Mailing.objects.filter(pk=mailing_id, state__in=(State.PLANNED, State.SENDING, State.PAUSED)).update(
        state=State.CANCELLED,
        # Kept where it says why nobody can tell who had it: the rest is skipped with that reason.
        pause_reason=Case(When(pause_reason=RESTORED, then=Value(RESTORED)), default=Value("")),
        paused_until=None,
    )
    if moved:
        audit(verb="mailing.cancel", target=f"mailing:{mailing_id}", user=user)
    return bool(moved)


def postpone_mailing(mailing_id: int, *, starts_at: datetime) -> bool:
    """Another time for a mailing nobody has begun; False when it has begun."""
    return bool(Mailing.objects.filter(pk=mailing_id, state=State.PLANNED).update(starts_at=starts_at))


def drop_planned(mailing_id: int) -> bool:
    """Undo: a mailing nobody has begun is taken back whole; False when it has begun."""
    deleted, _ = Mailing.objects.filter(pk=mailing_id, state=State.PLANNED).delete()
    return bool(deleted)
