"""What the live page shows, in a fixed number of queries whatever the size of the mailing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from common.figures import percent
from common.sql import load_sql
from contacts.mailbox_providers import BY_NUMBER
from delivery.checking import Counted, counted
from delivery.failover import carriers_of
from delivery.forecast import Forecast, of_mailing
from delivery.ledger import Ledger, ledger_of, people
from delivery.models import Batch, Mailing, Outcome
from delivery.queries import pause_cause, pause_words
from delivery.reasons import Reason
from delivery.refusals import Cause, Cluster, deferrals_of, refusals_of
from feedback.rates import Rate, by_name, rates_of

_SLICES = (60, 300, 900, 3600, 14_400, 86_400)  # seconds of one bar
_BARS = 60
# The slices are kept, for reading them costs a scan of the mailing's outcomes: at a million it takes most of a second,
# and half a minute then passes before the next.
_FRESH = 5  # seconds at least
_REST = 30  # times as long as the reading took


@dataclass(frozen=True, slots=True)
class Slice:
    at: datetime
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True)
class Pace:
    """`slices` of `seconds` each, without a gap; `recent`: how many were handed over in the last minute."""

    seconds: int
    slices: list[Slice]
    recent: int


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox provider's share. What is not settled is pending, being sent, or will be tried again."""

    number: int
    planned: int
    accepted: int
    refused: int
    skipped: int
    unknown: int
    deferred: int

    @property
    def name(self) -> str:
        return str(BY_NUMBER[self.number].name) if self.number in BY_NUMBER else "?"

    @property
    def settled(self) -> int:
        return self.accepted + self.refused + self.skipped + self.unknown

    @property
    def share(self) -> float:
        return self.settled / self.planned if self.planned else 0.0


@dataclass(frozen=True, slots=True)
class Live:
    mailing: Mailing
    ledger: Ledger
    counted: Counted | None  # what the last nightly count said
    mailboxes: list[Mailbox]
    refusals: list[Cluster]
    deferrals: list[Cluster]
    doubtful: list[Any]  # the first few Outcomes in doubt, with their message
    held_count: int  # batches that four workers died over
    pace: Pace
    signs: list[Rate]  # the first answers that have a limit: bounces, complaints, unsubscribes
    clicked_count: int
    forecast: Forecast | None  # when the rest will be through; None when nothing is on its way
    pause_cause: Cause | None
    pause_words: str  # why nothing moves, in words for people; empty when somebody paused it, or it moves

    @property
    def is_waiting(self) -> bool:
        """Something was said that nothing moves for: until a person decides, or for some seconds yet."""
        until = self.mailing.paused_until
        return bool(self.pause_words) and (until is None or until > timezone.now())

    @property
    def settled(self) -> int:
        ledger = self.ledger
        return ledger.accepted + ledger.refused + ledger.skipped + ledger.unknown

    @property
    def numbers(self) -> dict[str, Any]:
        """The ledger for components/ledger.html, with a note under each number."""
        return self.ledger.numbers() | {"notes": notes_of(self.mailing, self.ledger)}

    @property
    def share(self) -> float | None:
        return self.settled / self.ledger.planned if self.ledger.planned else None

    @property
    def mean(self) -> float | None:
        """Handed over a minute, from the start to the end; None until it is over."""
        mailing = self.mailing
        if mailing.started_at is None or mailing.finished_at is None:
            return None
        minutes = (mailing.finished_at - mailing.started_at).total_seconds() / 60
        handed = self.ledger.accepted + self.ledger.refused + self.ledger.unknown
        return handed / minutes if minutes else None

    @property
    def took(self) -> timedelta | None:
        """From the start to the end; None until it is over."""
        mailing = self.mailing
        return mailing.finished_at - mailing.started_at if mailing.started_at and mailing.finished_at else None


_SIGNS = ("bounce", "complaint", "unsubscribe")


def live_of(mailing: Mailing) -> Live:
    """Everything of the page that moves."""
    rates = by_name(rates_of([mailing.pk]))
    return Live(
        mailing=mailing,
        ledger=ledger_of(mailing.pk),
        counted=counted(mailing),
        mailboxes=mailboxes_of(mailing.pk),
        refusals=refusals_of(mailing),
        deferrals=deferrals_of(mailing),
        doubtful=list(people(mailing.pk, state=Outcome.State.UNKNOWN).order_by("message_id")[:5]),
        held_count=Batch.objects.filter(mailing=mailing, state=Batch.State.HELD).count(),
        pace=(pace := pace_of(mailing)),
        forecast=forecast_of(mailing, pace),
        signs=[rates[name] for name in _SIGNS],
        clicked_count=rates["click"].numerator,
        pause_cause=pause_cause(mailing),
        pause_words=pause_words(mailing),
    )


def forecast_of(mailing: Mailing, pace: Pace) -> Forecast | None:
    """When the rest will be through, by what limits it and by the speed of the last minute, where it moves."""
    now = timezone.now()
    is_moving = mailing.state == Mailing.State.SENDING and (mailing.paused_until is None or mailing.paused_until <= now)
    ran = (now - mailing.started_at).total_seconds() if mailing.started_at else 0
    speed = pace.recent / max(_FRESH, min(60, ran)) if is_moving else None
    return of_mailing(mailing, now=now, speed=speed or None)


def notes_of(mailing: Mailing, ledger: Ledger) -> dict[str, str]:
    """What is worth saying under a number, in a few words; nothing where there is nothing to say."""
    tried = ledger.accepted + ledger.refused
    skipped = next(iter(ledger.reasons.get(Outcome.State.SKIPPED, {})), None)
    refused = percent(ledger.refused / tried) if tried else ""
    return {
        "planned": _("list frozen") if mailing.snapshot_done_at else _("still being frozen"),
        "accepted": _("taken by %s") % ", ".join(map(str, carriers_of(mailing))) if ledger.accepted else "",
        "pending": "" if ledger.pending or not mailing.snapshot_done_at else _("nobody left"),
        "skipped": _("most: %s") % Reason(skipped).label if skipped else "",
        "refused": _("%s of the tries") % refused if ledger.refused else "",
        "unknown": _("for you to decide") if ledger.unknown else "",
    }


def mailboxes_of(mailing_id: int) -> list[Mailbox]:
    """The largest first."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("campaigns", "mailboxes"), {"mailing": mailing_id})
        return [Mailbox(*(int(value) for value in row)) for row in cursor.fetchall()]


def pace_of(mailing: Mailing) -> Pace:
    """Kept for some seconds: it reads every outcome of the mailing."""
    key = f"campaigns:pace:{mailing.pk}:{mailing.finished_at}"
    found: Pace | None = cache.get(key)
    if found is None:
        begun = monotonic()
        found = _pace(mailing)
        cache.set(key, found, max(_FRESH, _REST * (monotonic() - begun)))
    return found


def _pace(mailing: Mailing) -> Pace:
    if mailing.started_at is None or mailing.first_message_id is None:
        return Pace(seconds=_SLICES[0], slices=[], recent=0)
    ran = ((mailing.finished_at or timezone.now()) - mailing.started_at).total_seconds()
    seconds = next((size for size in _SLICES if ran / size <= _BARS), _SLICES[-1])
    values = {
        "slice": seconds,
        "mailing": mailing.pk,
        "first": mailing.first_message_id,
        "last": mailing.last_message_id or 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_sql("campaigns", "minutes"), values)
        rows = {int(start): (accepted, refused, recent) for start, accepted, refused, recent in cursor.fetchall()}
    if not rows:
        return Pace(seconds=seconds, slices=[], recent=0)
    zone = timezone.get_current_timezone()
    slices = [
        Slice(datetime.fromtimestamp(start, zone), *rows.get(start, (0, 0, 0))[:2])
        for start in range(min(rows), max(rows) + 1, seconds)
    ][-_BARS:]
    return Pace(seconds=seconds, slices=slices, recent=sum(recent for _, _, recent in rows.values()))
