"""After a restored backup: the events of the time that was lost, asked from the providers that keep them.

Whoever was written to after the backup is waiting in it. Each event that names such a message settles it, by the same
way a webhook would; what nobody reports is left to a person (delivery's page).
"""

from datetime import datetime, timedelta
from itertools import islice

import requests
import structlog
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.figures import number
from delivery.lanes.backends import Api
from delivery.lanes.contract import LaneClosed
from delivery.models import Guard, Mailing, Provider
from delivery.registry import Asked
from feedback import border
from feedback.asking import CAN_BE_ASKED, Endless
from feedback.models import Catchup
from feedback.webhooks import take

log = structlog.get_logger(__name__)
MARGIN = timedelta(minutes=10)  # before the last thing the backup remembers: clocks differ
FARTHEST = timedelta(days=30)
AGAIN = timedelta(minutes=2)  # after the first failure; then longer each time
TRIES = 10
BLOCK = 200


def note(*, now: datetime) -> None:
    """Ask every account that can be asked; in the transaction that holds sending."""
    lost = Guard.objects.filter(pk=1).values_list("lost_since", flat=True).first()
    since = max(lost - MARGIN, now - FARTHEST) if lost else now - FARTHEST
    rows = Provider.objects.filter(kind__in=CAN_BE_ASKED, is_catcher=False)
    Catchup.objects.bulk_create(Catchup(provider=row, since=since, asked_at=now, next_at=now) for row in rows)


def catch_up(*, now: datetime) -> int:
    """Work what is due, one account after the other; returns how many events were new. One caller at a time."""
    due = Catchup.objects.filter(done_at=None, tries__lt=TRIES, next_at__lte=now).select_related("provider")
    return sum(_work(row, now=now) for row in due.order_by("pk"))


def _work(row: Catchup, *, now: datetime) -> int:
    try:
        count = _fetch(row.provider, since=row.since, until=now)
    except (LaneClosed, requests.RequestException, Endless, ValueError, KeyError, TypeError) as error:
        log.warning("events_not_fetched", provider=row.provider_id, error=str(error))
        words = str(error)[:300] or type(error).__name__
        later = now + AGAIN * 2**row.tries
        Catchup.objects.filter(pk=row.pk).update(tries=row.tries + 1, error=words, next_at=later)
        return 0
    Catchup.objects.filter(pk=row.pk).update(done_at=now, event_count=row.event_count + count, error="")
    return count


def _fetch(provider: Provider, *, since: datetime, until: datetime) -> int:
    """Block by block, each kept before the next is asked for."""
    count = 0
    with Api(provider) as api:
        bodies = CAN_BE_ASKED[provider.kind](api, provider, since, until)
        while block := list(islice(bodies, BLOCK)):
            told = [
                event
                for body in block
                for event in border.read(body, kind=provider.kind, credentials=provider.credentials)
            ]
            with transaction.atomic():
                count += take(told, provider=provider)
    return count


def asked() -> list[Asked]:
    """A line an account of the last restore, for delivery's page; those that cannot be asked say so."""
    lines = [_line(row) for row in _latest()]
    waiting = Mailing.objects.filter(state=Mailing.State.PAUSED, provider__is_catcher=False)
    mute = Provider.objects.filter(pk__in=waiting.values("provider")).exclude(kind__in=CAN_BE_ASKED)
    words = _("Keeps no list that can be asked: look at its own log.")
    return lines + [Asked(provider.name, words, "warn") for provider in mute.order_by("name")]


def _latest() -> list[Catchup]:
    last = Catchup.objects.order_by("-asked_at").first()
    if last is None:
        return []
    return list(Catchup.objects.filter(asked_at=last.asked_at).select_related("provider").order_by("provider__name"))


def _line(row: Catchup) -> Asked:
    if row.done_at:
        words = ngettext("%(count)s event fetched.", "%(count)s events fetched.", row.event_count)
        return Asked(row.provider.name, words % {"count": number(row.event_count)}, "ok")
    if row.error:
        words = _("Could not be asked, and is tried again: %(words)s") if row.tries < TRIES else _("Gave up: %(words)s")
        return Asked(row.provider.name, words % {"words": row.error}, "bad")
    return Asked(row.provider.name, _("Is being asked…"))
