"""A worker process for the kill test, forked from a server that has Django loaded: a new one costs milliseconds.

It does what Celery's tasks do, the sweep and the batches, for ever: it is there to be killed.
"""

import contextlib
import time

import django

django.setup()

from django.db import Error, connection  # noqa: E402 - after the setup

from delivery import dispatch, failpoints  # noqa: E402
from delivery.models import Mailing  # noqa: E402


def work(mailing_id: int, failpoint: str = "") -> None:
    """Sweep, snapshot and send until somebody kills us, or the named point does."""
    failpoints.armed = failpoint
    while True:
        with contextlib.suppress(Error):
            due = dispatch.sweep()
            if mailing_id in due.snapshots:
                dispatch.freeze(mailing_id, after_block=lambda: None)
            for provider_id in set(due.providers):
                dispatch.work_provider(provider_id)
        if Mailing.objects.filter(pk=mailing_id, state=Mailing.State.FINISHED).exists():
            connection.close()
            return
        time.sleep(0.1)
