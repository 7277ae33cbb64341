"""What other floors and pages ask of sending."""

from datetime import datetime

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.models import Mailing

HELD = "held"  # a pause_reason that is ours, said for people by pause_words
_SEEN = "delivery:worker-seen"


def note_worker() -> None:
    """A worker is alive: it took a sweep. Kept in Redis, where losing it costs a banner for two seconds."""
    cache.set(_SEEN, timezone.now().timestamp(), timeout=None)


def worker_seen_at() -> datetime | None:
    """When a worker last took a sweep (rung every 2 seconds); None when never, or Redis was emptied."""
    stamp = cache.get(_SEEN)
    return None if stamp is None else datetime.fromtimestamp(stamp, tz=timezone.get_default_timezone())


def is_worker_running() -> bool:
    """Whether a worker was seen within the last ten seconds."""
    seen = worker_seen_at()
    return seen is not None and (timezone.now() - seen).total_seconds() < 10


def pause_words(mailing: Mailing) -> str:
    """Why nothing moves, for people: the server's own words where it refused us, ours where batches are held."""
    if mailing.pause_reason == HELD:
        return _(
            "Four workers in a row stopped on the same messages without sending any. Look at the workers' logs, then "
            "resume to try once more."
        )
    return mailing.pause_reason
