"""Doing the work in this process, where no worker runs: the steps of the sweep and the workers, the same ledger."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import structlog
from django.db import connection
from django.utils import timezone

from delivery import dispatch, failover, ledger
from delivery.ledger import Ledger
from delivery.models import Mailing
from delivery.slots import free_slots, urgent_slots
from delivery.stopping import is_stopping

log = structlog.get_logger(__name__)

OVER = (Mailing.State.FINISHED, Mailing.State.CANCELLED, Mailing.State.PAUSED)
LANES = 4  # threads at most; rendering shares one interpreter


def drive(mailing_id: int, *, report: Callable[[Ledger], None], stop: Callable[[], bool] = is_stopping) -> Mailing:
    """Snapshot and send one mailing here until it is finished, paused or cancelled; `report` hears of it each second.

    Other due work is found and healed as the sweep would. Safe beside workers: claims decide.
    """
    halted = threading.Event()
    crew: list[threading.Thread] = []
    try:
        while not stop():
            crew[:] = [thread for thread in crew if thread.is_alive()]
            due = dispatch.sweep()
            for provider_id in due.probes:
                _start(crew, partial(failover.try_again, provider_id, now=timezone.now()))
            if mailing_id in due.snapshots:
                dispatch.freeze(mailing_id, after_block=lambda: _man(crew, halted), stop=stop)
            _man(crew, halted)
            mailing = Mailing.objects.get(pk=mailing_id)
            report(ledger.ledger_of(mailing_id, with_reasons=False))
            if mailing.state in OVER and (mailing.finished_at or mailing.state == Mailing.State.PAUSED):
                return mailing
            _wait(crew)
    finally:
        halted.set()
        for thread in crew:
            thread.join()
    return Mailing.objects.get(pk=mailing_id)


def follow(mailing_id: int, *, report: Callable[[Ledger], None], stop: Callable[[], bool] = is_stopping) -> Mailing:
    """Watch workers send it until it is finished, paused or cancelled."""
    while True:
        mailing = Mailing.objects.get(pk=mailing_id)
        report(ledger.ledger_of(mailing_id, with_reasons=False))
        if stop() or (mailing.state in OVER and (mailing.finished_at or mailing.state == Mailing.State.PAUSED)):
            return mailing
        time.sleep(0.5)


def _man(crew: list[threading.Thread], halted: threading.Event) -> None:
    """A thread for each provider with a due batch, driving all its free connections."""
    slots = [*urgent_slots(), *free_slots()]
    for provider_id, free in Counter(slots).items():
        if sum(thread.is_alive() for thread in crew) >= LANES:
            return
        stop = lambda: halted.is_set() or is_stopping()  # noqa: E731 - asked in another thread
        _start(crew, partial(dispatch.work_provider, provider_id, connections=free, stop=stop))


def _start(crew: list[threading.Thread], call: Callable[[], object]) -> None:
    thread = threading.Thread(target=_run, args=(call,), daemon=True)
    thread.start()
    crew.append(thread)


def _run(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        log.exception("lane_failed")
    finally:
        connection.close()


def _wait(crew: list[threading.Thread]) -> None:
    """Until a thread has ended, a second at most: then there may be something new to do."""
    end = time.monotonic() + (1 if crew else 0.3)
    while time.monotonic() < end and all(thread.is_alive() for thread in crew):
        time.sleep(0.05)
