"""Celery's legs: load by id, one call. The rows are the queue; a lost ring is found again by the next sweep."""

from collections import Counter

from celery import Task, shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.core.cache import cache
from django.utils import timezone

from common.locks import only_one
from delivery import alerts, alignment, dispatch, durability, failover
from delivery.checking import check_all
from delivery.mails import send_due_confirmations, send_due_welcomes
from delivery.queries import note_worker
from delivery.slots import free_slots, urgent_slots
from delivery.stopping import is_stopping, request_stop

# A ring nobody took within ten seconds is dropped: the sweep has rung again since.
STALE = 10
PER_PROCESS = 8  # connections
SLICE = 0.5  # seconds a snapshot goes on before the next one has its turn


@worker_shutting_down.connect
def finish_windows(**_: object) -> None:
    """SIGTERM: every child closes the window it has open and gives its batch back."""
    request_stop()


@worker_ready.connect
def look_at_the_database(**_: object) -> None:
    """A worker that starts says when a crash of the database could double mail."""
    durability.warn()


@shared_task(queue="default", expires=STALE)
def sweep() -> None:
    note_worker()
    with only_one("delivery.sweep") as is_ours:
        if not is_ours:
            return
        due = dispatch.sweep()
    for mailing_id in due.snapshots:
        ring_for_freeze(mailing_id)
    for provider_id in due.probes:
        try_again.apply_async((provider_id,), expires=STALE)
    ring(due.urgent, send_urgent)
    ring(due.providers, send_batches)


def ring(providers: list[int], send: Task) -> None:
    """A task for every eight free connections of a provider: one process drives them together."""
    for provider_id, free in Counter(providers).items():
        tasks = -(-free // PER_PROCESS)
        for number in range(tasks):
            connections = free // tasks + (number < free % tasks)
            send.apply_async((provider_id,), {"connections": connections}, expires=STALE)


@shared_task(queue="default")
def freeze(mailing_id: int) -> None:
    """A slice of a snapshot: mailings that start together take turns, and none waits for a shift of sending to end."""
    is_left = False
    cache.delete(_rung(mailing_id))
    with only_one(f"delivery.freeze.{mailing_id}") as is_ours:
        if is_ours:
            dispatch.start_due()  # whoever rings at the very instant need not wait for the sweep
            is_left = dispatch.freeze_some(
                mailing_id, after_block=lambda: ring(free_slots(), send_batches), seconds=SLICE
            )
    if is_left and not is_stopping():
        ring_for_freeze(mailing_id)


def ring_for_freeze(mailing_id: int) -> None:
    """However often sweeps and slices ring, one waits in the queue: the queue is shared with what must not wait."""
    if cache.add(_rung(mailing_id), 1, STALE):
        freeze.apply_async((mailing_id,), expires=STALE)


def _rung(mailing_id: int) -> str:
    return f"delivery:freeze:{mailing_id}"


@shared_task(queue="bulk")
def send_batches(provider_id: int, connections: int = 1, **_: object) -> None:
    if dispatch.work_provider(provider_id, connections=connections):
        ring([free for free in free_slots() if free == provider_id], send_batches)


@shared_task(queue="transactional")
def send_urgent(provider_id: int, connections: int = 1, **_: object) -> None:
    """The same for what waits behind no campaign, on workers that do nothing else."""
    if dispatch.work_provider(provider_id, connections=connections, only_urgent=True):
        ring([free for free in urgent_slots() if free == provider_id], send_urgent)


@shared_task(queue="default", expires=STALE)
def try_again(provider_id: int, **_: object) -> None:
    """Whether an account that was out of order takes our login again."""
    failover.try_again(provider_id, now=timezone.now())


@shared_task(queue="default", expires=STALE)
def write_due_mails() -> None:
    """Confirmation and welcome mails whose signal was missed, or that could not be sent before."""
    with only_one("delivery.write_due_mails") as is_ours:
        if is_ours:
            send_due_confirmations(at=timezone.now())
            send_due_welcomes(at=timezone.now())


@shared_task(queue="default", expires=60)
def tell_alerts() -> None:
    """Mail the administrators what has begun to wait for a person."""
    with only_one("delivery.tell_alerts") as is_ours:
        if is_ours:
            alerts.tell(now=timezone.now())


@shared_task(queue="default", expires=60)
def look_up_alignments() -> None:
    """Whether our domains still allow their accounts: new pairs at once, the others each day."""
    with only_one("delivery.look_up_alignments") as is_ours:
        if is_ours:
            alignment.add_missing()
            alignment.look_up(now=timezone.now())


@shared_task(queue="default")
def check_ledgers() -> None:
    """The invariant, each night: every mailing of the last month counted from its rows."""
    with only_one("delivery.check_ledgers") as is_ours:
        if is_ours:
            check_all(now=timezone.now())
