"""Celery's legs: the rows are the queue, a lost ring is found by the sweep."""

import structlog
from celery import shared_task
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from delivery import dispatch
from transactional.writing import write_due

log = structlog.get_logger(__name__)

_RUNG = "transactional:rung"
STALE = 10  # seconds after which a ring nobody took is dropped: the sweep has rung again since
CONNECTIONS = 4
SHIFT = 2.0  # seconds of sending between two looks at what came in


def ring() -> None:
    """Say that requests are due, once until somebody has begun; lost when Redis is away, and found by the sweep."""
    try:
        if cache.add(_RUNG, 1, timeout=2):
            write_requests.apply_async(expires=STALE)
    except (RedisError, OSError) as error:
        log.warning("no_bell", error=str(error))


@shared_task(queue="transactional", expires=STALE)
def write_requests() -> None:
    """Write what is due into the ledger, and send it: on this queue nothing else waits."""
    while True:
        cache.delete(_RUNG)
        written = write_due(at=timezone.now())
        for provider in sorted(written.providers):
            dispatch.work_provider(provider, connections=CONNECTIONS, only_urgent=True, shift=SHIFT)
        if not written.count:
            return
