"""Quiet hours: times of the organisation's day in which a mailing does not leave."""

from datetime import datetime, time, timedelta

from accounts.services import organisation
from delivery.models import Mailing
from delivery.queries import QUIET


def keep_quiet_hours(*, now: datetime) -> int:
    """Hold mailings whose quiet hours it is until they are over; returns how many."""
    held = 0
    wanting = Mailing.objects.filter(state=Mailing.State.SENDING).exclude(quiet_from=None)
    for mailing in wanting.only("pk", "quiet_from", "quiet_to", "paused_until"):
        assert mailing.quiet_from is not None and mailing.quiet_to is not None
        end = quiet_until(mailing.quiet_from, mailing.quiet_to, now=now.astimezone(organisation().zone))
        if end is not None and mailing.paused_until != end:
            held += Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.SENDING).update(
                pause_reason=QUIET, paused_until=end
            )
    return held


def quiet_until(start: time, stop: time, *, now: datetime) -> datetime | None:
    """When the quiet hours at `now` (in the zone that counts) end; None outside them. They may span midnight."""
    clock = now.time()
    is_quiet = start <= clock < stop if start <= stop else clock >= start or clock < stop
    if not is_quiet:
        return None
    day = now.date() + timedelta(days=1) if clock >= stop else now.date()
    return datetime.combine(day, stop, tzinfo=now.tzinfo)
