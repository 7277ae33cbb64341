"""The brake: what comes back of a large mailing is counted by mailbox provider, and one share is slowed or stopped.

First waves are watched before the rest leaves (limits/waves.py); afterwards the count goes on. It acts at claim and at
the mark, never on an open window: a stopped share is parked and waits for a person, the others go on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from accounts.services import audit
from common.sql import load_sql
from delivery.limits import governor
from delivery.models import Batch, Brake, Mailing
from delivery.models.limits import EVERYBODY
from delivery.reasons import Reason

log = structlog.get_logger(__name__)
State, Kind = Brake.State, Brake.Kind

EVERY = timedelta(seconds=10)  # between two counts of one mailing


@dataclass(frozen=True, slots=True)
class Bound:
    """Shares from which a mailbox provider is slowed and stopped (0 = never), and the fewest people that count."""

    kind: Brake.Kind
    slow: float
    stop: float
    fewest: int


# Complaints by Gmail's and Yahoo's sender guidelines (below 0.1 %, never 0.3 %); the others by what they tolerate.
BOUNDS = (
    Bound(Kind.HARD_BOUNCES, slow=0.01, stop=0.02, fewest=3),
    Bound(Kind.COMPLAINTS, slow=0.001, stop=0.003, fewest=2),
    Bound(Kind.REFUSALS, slow=0, stop=0.05, fewest=5),
    Bound(Kind.DEFERRALS, slow=0.1, stop=0, fewest=5),
)


@dataclass(frozen=True, slots=True)
class Share:
    """One mailbox provider's share as counted, in people. `waiting`: told "later" and not settled; `deferred`: ever."""

    mx_group: int
    accepted: int
    refused: int
    hard: int
    complaints: int
    waiting: int
    deferred: int
    wave_size: int
    wave_tried: int
    left: int  # without a last word

    def of(self, kind: Brake.Kind) -> tuple[int, int]:
        """(how many, of how many)."""
        answered = self.accepted + self.refused
        return {
            Kind.HARD_BOUNCES: (self.hard, answered),
            Kind.COMPLAINTS: (self.complaints, self.accepted),
            Kind.REFUSALS: (self.refused, answered),
            Kind.DEFERRALS: (self.deferred, answered + self.waiting),
        }[kind]


@dataclass(frozen=True, slots=True)
class Finding:
    """A limit that was crossed."""

    kind: Brake.Kind
    value: float
    limit: float
    stops: bool


def finding_in(share: Share, allowed: Mapping[str, float] | None = None) -> Finding | None:
    """The worst that a share shows: what stops before what slows, in the order of BOUNDS.

    `allowed`: what a person lets pass (Brake.allowed); of that kind nothing slows, and it stops at the new limit.
    """
    allowed = allowed or {}
    for stops in (True, False):
        for bound in BOUNDS:
            people, base = share.of(bound.kind)
            own = allowed.get(str(int(bound.kind)))
            limit = (own or bound.stop) if stops else (0 if own else bound.slow)
            if limit and base and people >= bound.fewest and people / base >= limit:
                return Finding(bound.kind, people / base, limit, stops)
    return None


def allowance(share: Share, before: Mapping[str, float]) -> dict[str, float]:
    """What "go on anyway" allows: of each kind that would stop the share now, twice of what is there."""
    allowed = dict(before)
    for bound in BOUNDS:
        people, base = share.of(bound.kind)
        limit = allowed.get(str(int(bound.kind)), bound.stop)
        if bound.stop and base and people / base >= limit:
            allowed[str(int(bound.kind))] = round(2 * people / base, 4)
    return allowed


def count_shares(mailing_id: int) -> dict[int, Share]:
    """Every mailbox provider's share of one mailing, by number, counted from the rows in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("delivery", "count_shares"), {"mailing": mailing_id, "dead": int(Reason.REFUSED_ADDRESS)}
        )
        return {row[0]: Share(*(int(number) for number in row)) for row in cursor.fetchall()}


def watch(*, now: datetime) -> None:
    """Judge the shares of every mailing being sent in waves; called by the sweep, safe from several."""
    sending = Brake.objects.filter(mailing__state=Mailing.State.SENDING)
    due = Q(counted_at=None) | Q(counted_at__lte=now - EVERY)
    for mailing_id in sending.filter(due).values_list("mailing_id", flat=True).distinct().order_by("mailing_id"):
        if Brake.objects.filter(due, mailing=mailing_id).update(counted_at=now):
            judge(mailing_id, now=now)


def judge(mailing_id: int, *, now: datetime) -> None:
    """Count one mailing's shares and move their brakes."""
    shares = count_shares(mailing_id)
    brakes = Brake.objects.filter(mailing=mailing_id).exclude(state__in=(State.STOPPED, State.DROPPED))
    for brake in brakes.select_related("mailing").order_by("mx_group"):
        if share := shares.get(brake.mx_group):
            _judge_one(brake, share, now=now)
    park(mailing_id)


def _judge_one(brake: Brake, share: Share, *, now: datetime) -> None:
    finding = finding_in(share, brake.allowed)
    if finding is not None and finding.stops and share.left:
        _move(brake, State.STOPPED, finding, now=now)
        return
    slow = finding if finding is not None and not finding.stops else None
    if brake.state == State.WATCHING:
        _watch_wave(brake, share, slow, now=now)
    elif (brake.state == State.SLOWED) != (slow is not None):
        _move(brake, State.SLOWED if slow else State.RELEASED, slow, now=now)
    if slow is not None and share.left:
        _slow_down(brake, now=now)


def _slow_down(brake: Brake, *, now: datetime) -> None:
    """Through every account its share still leaves through."""
    left = Batch.objects.filter(mailing=brake.mailing_id, mx_group=brake.mx_group).exclude(state=Batch.State.DONE)
    for provider_id in left.values_list("provider_id", flat=True).distinct().order_by("provider_id"):
        governor.keep_slow(provider_id=provider_id, mx_group=brake.mx_group, now=now)


def _watch_wave(brake: Brake, share: Share, slow: Finding | None, *, now: datetime) -> None:
    if brake.wave_done_at is None:
        if brake.mailing.snapshot_done_at is not None and share.wave_tried >= share.wave_size:
            Brake.objects.filter(pk=brake.pk, wave_done_at=None).update(wave_done_at=now)
    elif now >= brake.wave_done_at + timedelta(minutes=brake.mailing.canary_minutes):
        _move(brake, State.SLOWED if slow else State.RELEASED, slow, now=now)


def _move(brake: Brake, state: Brake.State, finding: Finding | None, *, now: datetime) -> None:
    with transaction.atomic():
        moved = Brake.objects.filter(pk=brake.pk, state=brake.state, allowed=brake.allowed).update(
            state=state,
            kind=finding.kind if finding else None,
            value=finding.value if finding else None,
            limit=finding.limit if finding else None,
            changed_at=now,
        )
        if not moved:
            return
        said = {"mx_group": brake.mx_group, "state": state.name.lower()}
        if finding:
            said |= {"kind": finding.kind.name.lower(), "value": finding.value, "limit": finding.limit}
        audit(verb="mailing.brake", target=f"mailing:{brake.mailing_id}", user=None, **said)
    log.info("brake", mailing=brake.mailing_id, **said)


def park(mailing_id: int) -> int:
    """Put batches where their brakes say; how many moved."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "park_shares"), {"mailing": mailing_id})
        return int(cursor.rowcount)


def go_on(*, mailing_id: int, mx_groups: Collection[int], user: User | None, now: datetime) -> bool:
    """A person decides: these shares leave after all, and stop again at twice of what is there now. EVERYBODY among
    them: all that are only watched; these leave without waiting, within the usual limits.

    False when there was nothing to decide (any more).
    """
    named = Q(mx_group__in=mx_groups, state__in=(State.WATCHING, State.STOPPED))
    brakes = _open(mailing_id, named | Q(state=State.WATCHING) if EVERYBODY in mx_groups else named)
    shares = count_shares(mailing_id) if any(brake.state == State.STOPPED for brake in brakes) else {}
    for brake in brakes:
        if brake.mx_group in shares:
            brake.allowed = allowance(shares[brake.mx_group], brake.allowed)
    return _decide(brakes, State.RELEASED, user=user, now=now)


def give_up(*, mailing_id: int, mx_groups: Collection[int], user: User | None, now: datetime) -> bool:
    """A person decides: nobody else of these stopped shares is written to; the sweep skips them with that reason."""
    stopped = Q(mx_group__in=mx_groups, state=State.STOPPED)
    return _decide(_open(mailing_id, stopped), State.DROPPED, user=user, now=now)


def _open(mailing_id: int, which: Q) -> list[Brake]:
    alive = (Mailing.State.SENDING, Mailing.State.PAUSED)
    return list(Brake.objects.filter(which, mailing=mailing_id, mailing__state__in=alive))


def _decide(brakes: list[Brake], state: Brake.State, *, user: User | None, now: datetime) -> bool:
    decided = 0
    for brake in brakes:
        with transaction.atomic():
            if Brake.objects.filter(pk=brake.pk, state=brake.state).update(
                state=state, allowed=brake.allowed, decided_by=user, decided_at=now, changed_at=now
            ):
                decided += 1
                said = {"mx_group": brake.mx_group, "state": state.name.lower(), "was": State(brake.state).name.lower()}
                said |= {"allowed": brake.allowed}
                audit(verb="mailing.brake_decided", target=f"mailing:{brake.mailing_id}", user=user, **said)
    for mailing_id in {brake.mailing_id for brake in brakes}:
        park(mailing_id)
    return bool(decided)


def given_up() -> list[tuple[int, int]]:
    """(mailing, mailbox provider) of shares whose rest is to be skipped."""
    found = Brake.objects.filter(state=State.DROPPED, mailing__state=Mailing.State.SENDING)
    return list(found.values_list("mailing_id", "mx_group"))
