"""A worker process for the kill test, forked from a server that has Django loaded: a new one costs milliseconds.

It does what Celery's tasks do, the sweep and the batches, for ever: it is there to be killed. A database that is gone
ends no worker: like Celery's, it comes back with the next ring.
"""

import contextlib
import time
from dataclasses import dataclass, field

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import Error, connection  # noqa: E402 - after the setup

from delivery import dispatch, failpoints  # noqa: E402
from delivery.models import Mailing  # noqa: E402
from feedback.applying import apply_pending  # noqa: E402


@dataclass(frozen=True)
class Terms:
    """What is not as in the other kill tests: the database, the lease and the place in seconds."""

    database: dict[str, str] = field(default_factory=dict)
    lease: int | None = None
    place: float | None = None


def work(mailing_id: int, failpoint: str = "", terms: Terms = Terms()) -> None:
    """Sweep, snapshot and send until somebody kills us, or the named point does."""
    failpoints.armed = failpoint
    connection.settings_dict.update(terms.database)
    settings.LEASE_SECONDS = terms.lease or settings.LEASE_SECONDS
    settings.PLACE_SECONDS = terms.place or settings.PLACE_SECONDS
    while True:
        try:
            _ring(mailing_id)
            if Mailing.objects.filter(pk=mailing_id, state=Mailing.State.FINISHED).exists():
                connection.close()
                return
        except Error:
            with contextlib.suppress(Error):
                connection.close()
        time.sleep(0.1)


def apply_events(failpoint: str) -> None:
    """Apply what came back; the named point ends us in the middle."""
    failpoints.armed = failpoint
    apply_pending()


def _ring(mailing_id: int) -> None:
    due = dispatch.sweep()
    if mailing_id in due.snapshots:
        dispatch.freeze(mailing_id, after_block=lambda: None)
    for provider_id in set(due.providers):
        dispatch.work_provider(provider_id)
