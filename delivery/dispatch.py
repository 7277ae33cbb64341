"""What is due, who works it, when a mailing is through. PostgreSQL is the queue; whoever calls here may be killed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from delivery import failover, guard, ledger, multiplex
from delivery.capabilities import lease_of
from delivery.collecting import search_rarely
from delivery.lanes.contract import Await, Halt
from delivery.lanes.opening import lane_for
from delivery.limits import brake, governor, warmup
from delivery.limits.quiet import keep_quiet_hours
from delivery.models import Batch, Mailing, Provider
from delivery.orders import Orders
from delivery.queries import HELD, note_held
from delivery.sending import FIRST_WINDOW, BatchSender, Run
from delivery.slots import free_slots, must_give_way, urgent_slots
from delivery.snapshot import take_block
from delivery.stopping import is_stopping

log = structlog.get_logger(__name__)

REST = timedelta(seconds=60)  # for a provider that cannot be reached or asks to wait
LOOK = 1.0  # seconds between two looks for urgent mail
WORTH = 0.5  # seconds of sending that are worth a claim of their own, when the last of a mailing is shared
SHIFT = 30.0  # seconds one call of work_provider goes on taking batches


@dataclass(frozen=True, slots=True)
class Due:
    """What the sweep found: mailings to snapshot, and providers, each once a free connection with a batch for it."""

    snapshots: list[int] = field(default_factory=list)
    providers: list[int] = field(default_factory=list)
    urgent: list[int] = field(default_factory=list)  # the same for batches that wait for nothing
    probes: list[int] = field(default_factory=list)  # providers out of order, to be looked at again


def sweep() -> Due:
    """Start, heal, close and find work; every 2 seconds, safe at any time and in any number."""
    is_held = guard.look()
    note_held(is_held)
    if is_held:
        return Due()
    now = timezone.now()
    start_due()
    governor.recover(now=now)
    keep_quiet_hours(now=now)
    healed = ledger.heal_expired()
    if healed.batches:
        log.warning("leases_over", batches=healed.batches, doubts=healed.doubts)
    for mailing_id in set(healed.held_mailings):
        pause_for(mailing_id, words=HELD)
    for mailing_id in Mailing.objects.filter(state=Mailing.State.CANCELLED, finished_at=None).values_list(
        "pk", flat=True
    ):
        close_cancelled(mailing_id)
    warmup.judge_due(now=now)
    brake.watch(now=now)
    for mailing_id, mx_group in brake.given_up():
        ledger.skip_share(mailing_id, mx_group=mx_group)
    ledger.repeat_doubts(now=now)
    probes = failover.look(now=now)
    failover.steer_all(now=now)
    for mailing_id in _through():
        finish(mailing_id)
    return Due(snapshots=unfrozen(), providers=free_slots(), urgent=urgent_slots(), probes=probes)


def start_due() -> int:
    """Mailings whose time has come begin; returns how many."""
    now = timezone.now()
    return Mailing.objects.filter(state=Mailing.State.PLANNED, starts_at__lte=now).update(
        state=Mailing.State.SENDING, started_at=now
    )


def unfrozen() -> list[int]:
    """Mailings being sent whose audience is not frozen whole."""
    found = Mailing.objects.filter(state=Mailing.State.SENDING, snapshot_done_at=None).order_by("starts_at", "pk")
    return list(found.values_list("pk", flat=True))


def freeze(mailing_id: int, *, after_block: Callable[[], None], stop: Callable[[], bool] = is_stopping) -> None:
    """Snapshot a mailing block by block. `after_block` is called when batches were added: work can begin."""
    while not stop() and freeze_some(mailing_id, after_block=after_block):
        pass


def freeze_some(mailing_id: int, *, after_block: Callable[[], None], seconds: float = 0.0) -> bool:
    """Its next block, and more until so many seconds have passed; the first one alone. Whether anybody is left."""
    end = time.monotonic() + seconds
    while not guard.is_held():
        block = take_block(mailing_id)
        if block is None:
            return False
        after_block()
        if block.is_last or block.is_first or time.monotonic() >= end:
            return not block.is_last
    return False


def work_provider(
    provider_id: int,
    *,
    connections: int = 1,
    stop: Callable[[], bool] = is_stopping,
    shift: float = SHIFT,
    only_urgent: bool = False,
) -> int:
    """Take due batches of one provider on up to so many connections of this thread, for a shift; returns how many."""
    provider = Provider.objects.filter(pk=provider_id).first()
    if provider is None:
        return 0
    search_rarely()
    end = time.monotonic() + shift
    worked: list[int] = []
    orders = Orders(provider)

    def leaves() -> bool:  # urgent mail has processes of its own
        return not only_urgent and orders.do_others_wait(is_late=time.monotonic() >= end)

    may_go_on = lambda: not stop() and time.monotonic() < end  # noqa: E731 - one sentence, used below and nowhere else
    shifts = [_shift(orders, may_go_on, stop, leaves, worked, only_urgent=only_urgent) for _ in range(connections)]
    with ledger.beating():
        multiplex.run_together(shifts)
    return len(worked)


def _shift(
    orders: Orders,
    may_go_on: Callable[[], bool],
    stop: Callable[[], bool],
    leaves: Callable[[], bool],
    worked: list[int],
    *,
    only_urgent: bool,
) -> Iterator[Await]:
    """One connection's shift: batch after batch while some are due, the urgent ones first."""
    provider = orders.provider
    lane, window, pace, least = lane_for(provider), FIRST_WINDOW, 0.0, ledger.LEAST
    try:
        while may_go_on():
            yield Await(None)
            narrow, lease = orders.rooms(), lease_of(provider.kind)
            claim = ledger.claim_batch(
                provider_id=provider.pk, lease=lease, rooms=narrow, only_urgent=only_urgent, least=least
            )
            if claim is None:
                return
            yield Await(None)
            give_way = _GiveWay(provider, claim, is_narrow=claim.mx_group in narrow, stop=stop, leaves=leaves)
            sender = BatchSender(claim, lane, orders=orders, stop=give_way, window=window, pace=pace)
            yield from sender.steps()
            window, pace = sender.window, sender.pace
            least = max(FIRST_WINDOW, int(pace * WORTH)) if pace else least
            worked.append(claim.batch_id)
            _after(claim, sender.run)  # without a pause: a mailing that must stop begins no other batch meanwhile
            if sender.run.halt is not None or leaves():
                return
    finally:
        lane.close()


class _GiveWay:
    """Whether a batch is to be given back: to stop, for urgent mail, or for others; asked before each window."""

    def __init__(
        self,
        provider: Provider,
        claim: ledger.Claim,
        *,
        is_narrow: bool,
        stop: Callable[[], bool],
        leaves: Callable[[], bool],
    ) -> None:
        self._provider, self._claim, self._is_narrow = provider, claim, is_narrow
        self._stop, self._leaves = stop, leaves
        self._looked_at = time.monotonic()

    def __call__(self) -> bool:
        if self._stop():
            return True
        if self._claim.is_urgent or time.monotonic() - self._looked_at < LOOK:
            return False
        self._looked_at = time.monotonic()
        if self._leaves():
            return True
        return must_give_way(self._provider, mx_group=self._claim.mx_group, is_narrow=self._is_narrow)


def _after(claim: ledger.Claim, run: Run) -> None:
    """What a batch's run means for its mailing, and for the pace of its mailbox provider."""
    mailing_id = claim.mailing_id
    log.info("batch", mailing=mailing_id, accepted=run.accepted, refused=run.refused, deferred=run.deferred,
             unknown=run.unknown, halt=run.halt.value if run.halt else "")  # fmt: skip
    answers = governor.Answers(answered=run.answered - run.lost, deferred=run.deferred - run.lost, words=run.later)
    is_slowed = governor.learn(
        provider_id=claim.provider_id, mx_group=claim.mx_group, answers=answers, now=timezone.now()
    )
    if failover.leads_elsewhere(claim, run, is_slowed=is_slowed, now=timezone.now()):
        return
    if run.halt in (Halt.PAUSE, Halt.SENDER, Halt.CONTENT):
        pause_for(mailing_id, words=run.words)
    elif run.halt is Halt.WAIT:
        pause = max(REST, run.asked or REST)
        governor.hold_account(claim.provider_id, until=timezone.now() + pause, words=run.words)
    elif run.halt is Halt.REST and not is_slowed:
        Mailing.objects.filter(pk=mailing_id, state=Mailing.State.SENDING).update(
            pause_reason=run.words, paused_until=timezone.now() + REST
        )
    elif run.accepted:
        Mailing.objects.filter(pk=mailing_id, state=Mailing.State.SENDING).exclude(pause_reason="").update(
            pause_reason="", paused_until=None
        )


def pause_for(mailing_id: int, *, words: str) -> bool:
    """Stop a mailing until a person decides; `words` say why, the server's own where it refused us."""
    return bool(
        Mailing.objects.filter(pk=mailing_id, state=Mailing.State.SENDING).update(
            state=Mailing.State.PAUSED, pause_reason=words[:1000], paused_until=None
        )
    )


def close_cancelled(mailing_id: int) -> bool:
    """Skip what is left of a cancelled mailing; True when nothing is open any more."""
    ledger.skip_rest(mailing_id)
    if Batch.objects.filter(mailing_id=mailing_id).exclude(state=Batch.State.DONE).exists():
        return False
    now = timezone.now()
    return bool(Mailing.objects.filter(pk=mailing_id, finished_at=None).update(finished_at=now, snapshot_done_at=now))


def _through() -> list[int]:
    """Mailings being sent with everybody frozen and every batch done."""
    left = Batch.objects.filter(mailing=OuterRef("pk")).exclude(state=Batch.State.DONE)
    found = (
        Mailing.objects.filter(~Exists(left), state=Mailing.State.SENDING)
        .exclude(snapshot_done_at=None)
        .exclude(open_until__gt=timezone.now())
    )
    return list(found.values_list("pk", flat=True))


def finish(mailing_id: int) -> bool:
    """Say "finished" when nothing is pending or sending and the ledger balances; else open what is left again."""
    if ledger.reopen_unfinished(mailing_id):
        return False
    with transaction.atomic():
        # what opens a batch again writes this row too (ledger/reopening.py): the look below sees it, or it sees us
        mailing = Mailing.objects.select_for_update(no_key=True).get(pk=mailing_id)
        numbers = ledger.ledger_of(mailing_id, with_reasons=False)
        if mailing.state != Mailing.State.SENDING or not numbers.is_settled:
            return False
        if not numbers.is_balanced:
            log.error("ledger_does_not_balance", mailing=mailing_id, **numbers.numbers())
            return False
        mailing.state, mailing.finished_at = Mailing.State.FINISHED, timezone.now()
        mailing.pause_reason, mailing.paused_until = "", None
        mailing.save(update_fields=["state", "finished_at", "pause_reason", "paused_until"])
    return True
