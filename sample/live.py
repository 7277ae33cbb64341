"""The small campaign that is really sent: planned, frozen, rendered and handed to the test inbox by the engine."""

import time
from collections.abc import Callable
from random import Random

from django.utils import timezone

from campaigns.models import Campaign
from delivery.ledger import Ledger
from delivery.models import Link, Mailing, Outcome
from delivery.queries import is_worker_running
from delivery.services import drive, follow
from feedback.applying import apply_pending
from feedback.hits import Hit, store_hits
from feedback.models import Event
from feedback.rollups import roll_up
from sample.planning import plan
from sample.reactions import MARK
from sample.readers import clicked_link

PATIENCE = 20.0  # seconds: where the test inbox does not run, it leaves when it does
_OPENS, _CLICKS = 0.34, 0.2


def send(campaign: Campaign, *, say: Callable[[str], None], random: Random) -> int:
    """Start it now and wait for the end; returns how many the test inbox took. Some of its readers then open and click.

    Workers send it where there are some; else this process does.
    """
    mailing = plan(campaign, starts_at=timezone.now())
    say(f"Sending “{campaign.name}” to the test inbox")
    end = time.monotonic() + PATIENCE
    walk = follow if is_worker_running() else drive
    mailing = walk(mailing.pk, report=_quiet, stop=lambda: time.monotonic() > end)
    if mailing.state != Mailing.State.FINISHED:
        say("It is not through yet: it goes on as soon as a worker and the test inbox run")
    taken = list(
        Outcome.objects.filter(mailing=mailing, state=Outcome.State.ACCEPTED).values_list("message_id", flat=True)
    )
    _read(mailing, taken, random)
    return len(taken)


def _quiet(_ledger: Ledger) -> None:
    """The caller tells of the beginning and the end."""


def _read(mailing: Mailing, messages: list[int], random: Random) -> None:
    """The sample's readers open and click through the door of pixel and links, which decides what is kept."""
    now = timezone.now()
    links = list(Link.objects.filter(mailing=mailing).order_by("number").values_list("number", flat=True))
    hits = []
    for message in messages:
        if random.random() >= _OPENS:
            continue
        hits.append(Hit(kind=Event.Kind.OPENED, mailing=mailing.pk, message=message, at=now, raw=dict(MARK)))
        if links and random.random() < _CLICKS:
            link = links[clicked_link(len(links), random)]
            hits.append(
                Hit(kind=Event.Kind.CLICKED, mailing=mailing.pk, message=message, at=now, link=link, raw=dict(MARK))
            )
    store_hits(hits)
    apply_pending()
    roll_up([mailing.pk])
