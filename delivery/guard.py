"""The restore guard: a database that has gone back sends nothing until a person has decided.

One counter row, raised by the sweep (each minute; each two seconds while something is being sent), copied to Redis, to
the state folder of every host, and kept in the memory of every process. A database that shows less than any copy was
restored from a backup, or is a standby that missed commits: what it calls pending may have been sent since. Then
nothing is claimed, batches not done are held, and every number jumps ahead before anything is written: ids in mails
already delivered must never name other people.
"""

import fcntl
import json
import os
import time
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import User
from accounts.services import audit
from common.sql import load_sql
from delivery.models import Batch, Guard, Mailing, Outcome, StandingMailing
from delivery.reasons import Reason
from delivery.signals import gone_back

log = structlog.get_logger(__name__)

STEP = 2**24  # numbers skipped: more than are handed out between two backups
RESTORED = "restored"  # a pause_reason that is ours, said for people by queries.pause_words
_EACH = 60  # seconds between two raises of an idle installation
_FRESH = 10.0  # seconds a process believes the copies it has read


@dataclass(slots=True)
class Known:
    """The highest numbers this process has seen of one database, and when it last read the copies of others."""

    database: UUID
    count: int = 0
    jumps: int = 0
    read_at: float = float("-inf")


_known: Known | None = None


def forget() -> None:
    """Forget what this process has seen: as a process that starts."""
    global _known
    _known = None


def look() -> bool:
    """The sweep's look: raise the counter and its copies, or hold everything. True when sending is held."""
    seen = known()
    row = Guard.objects.filter(pk=1).first()
    if row is None:
        Guard.objects.get_or_create(pk=1, defaults={"raised_at": timezone.now()})
        return False
    if row.held_at is not None or (not allows(row.database, row.count, seen) and hold()):
        return True
    raised = _raise()
    if raised is not None:
        _copy(row.database, raised, row.jumps)
    return False


def check() -> bool:
    """Look without raising (after a migration, before any process runs). True when sending is held."""
    seen = known()
    row = Guard.objects.filter(pk=1).first()
    if row is None:
        return False
    return row.held_at is not None or (not allows(row.database, row.count, seen) and hold())


def known() -> "Known | None":
    """What this process knows now. Take it **before** reading the database's count: a copy read afterwards may be of a
    raise that came between, and would look like a database that has gone back."""
    return replace(_copies(_known.database)) if _known is not None else None


def allows(database: UUID | None, count: int | None, seen: "Known | None") -> bool:
    """Whether a database that shows `count` may be believed: no copy `seen` before says more. Asked at each claim."""
    if database is None or count is None:
        return True
    if seen is None or seen.database != database:
        seen = _copies(database)  # this process's first look
    if count < seen.count:
        return False
    ours = _copies(database)
    if count > ours.count:
        ours.count = count
        _write_file(ours)  # this host's copy
    return True


def is_held() -> bool:
    """Whether nothing is claimed until a person has decided."""
    return Guard.objects.filter(held_at__isnull=False).exists()


def _raise() -> int | None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = on")
        cursor.execute(
            "update delivery_guard set count = count + 1, raised_at = clock_timestamp() "
            "where id = 1 and held_at is null and (raised_at < clock_timestamp() - %s * interval '1 second' "
            "     or exists (select 1 from delivery_batch where state = 1)) returning count",
            [_EACH],
        )
        row = cursor.fetchone()
    return row[0] if row else None


# ── going back ──────────────────────────────────────────────────────────────────────────────────────────────────


def hold() -> bool:
    """Hold everything, in one transaction; numbers jump ahead first. False when the database has not gone back.

    Judged again under the row's lock: no copy can be of a raise that is not committed by then.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = on")
        row = Guard.objects.select_for_update().get(pk=1)
        if row.held_at is not None:
            return True
        ours = _copies(row.database)
        if row.count >= ours.count:
            return False
        jumps = max(ours.jumps, row.jumps) + 1
        step = STEP * (jumps - row.jumps)
        cursor.execute(load_sql("delivery", "jump_ahead"), {"step": step})
        cursor.execute("update delivery_counter set next = next + %s where name in ('message', 'occasion')", [step])
        lost_since = _last_memory()
        doubts = _hold_batches()
        Guard.objects.filter(pk=1).update(held_at=timezone.now(), jumps=jumps, lost_since=lost_since)
        audit(verb="sending.held", target="sending", user=None, count=row.count, known=ours.count, doubts=doubts)
        gone_back.send(sender=Guard, now=timezone.now())
    _copy(row.database, ours.count, jumps)
    log.critical("database_has_gone_back", count=row.count, known=ours.count)
    return True


def _last_memory() -> datetime | None:
    """The last thing the restored database remembers having done."""
    latest = Mailing.objects.order_by("-pk").values_list("pk", flat=True)[:50]
    at: datetime | None = Outcome.objects.filter(mailing__in=list(latest)).aggregate(at=Max("at"))["at"]
    return at


def _hold_batches() -> int:
    """Every batch not done is held, its open window in doubt; its mailing waits for a person. Returns the doubts."""
    doubts = 0
    with connection.cursor() as cursor:
        for batch in Batch.objects.select_for_update(no_key=True).filter(state=Batch.State.CLAIMED).order_by("pk"):
            cursor.execute(
                load_sql("delivery", "doubt_window"),
                {
                    "reason": int(Reason.LEASE_OVER),
                    "claim": batch.claim,
                    "done_to": batch.done_to,
                    "open_to": batch.open_to,
                },
            )
            doubts += cursor.rowcount
            Batch.objects.filter(pk=batch.pk).update(unknown_count=batch.unknown_count + cursor.rowcount)
        cursor.execute(load_sql("delivery", "hold_open_batches"))
    waiting = (Mailing.State.PLANNED, Mailing.State.SENDING, Mailing.State.PAUSED)
    # Single messages asked for from now on are no part of what is to be decided: they get a mailing of their own.
    standing = StandingMailing.objects.filter(mailing__state__in=waiting)
    Mailing.objects.filter(pk__in=standing.values("mailing")).update(open_until=None)
    standing.delete()
    Mailing.objects.filter(state__in=waiting).update(
        state=Mailing.State.PAUSED, pause_reason=RESTORED, paused_until=None
    )
    return doubts


def release(*, user: User | None) -> bool:
    """A person has looked: sending goes on. Mailings nobody decided about stay paused. False when nothing was held."""
    with transaction.atomic(durable=True):
        row = Guard.objects.select_for_update().filter(held_at__isnull=False).first()
        if row is None:
            return False
        count = max(row.count, _copies(row.database).count) + 1
        Guard.objects.filter(pk=1).update(count=count, held_at=None, raised_at=timezone.now())
        audit(verb="sending.release", target="sending", user=user)
    _copy(row.database, count, row.jumps)
    return True


# ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _copies(database: UUID) -> Known:
    """What this process knows, brought up to date with Redis and the state folder some seconds apart."""
    global _known
    if _known is None or _known.database != database:
        _known = Known(database)
    if time.monotonic() - _known.read_at > _FRESH:
        for count, jumps in (_read_file(database), _read_redis(database)):
            _known.count, _known.jumps = max(_known.count, count), max(_known.jumps, jumps)
        _known.read_at = time.monotonic()
    return _known


def _copy(database: UUID, count: int, jumps: int) -> None:
    ours = _copies(database)
    ours.count, ours.jumps = max(ours.count, count), max(ours.jumps, jumps)
    _write_file(ours)
    try:
        cache.set(f"delivery:guard:{database}", [ours.count, ours.jumps], timeout=None)
    except (RedisError, OSError):
        log.warning("guard_not_copied_to_redis")


def _read_redis(database: UUID) -> tuple[int, int]:
    try:
        count, jumps = cache.get(f"delivery:guard:{database}") or (0, 0)
    except (RedisError, OSError):
        return 0, 0
    return int(count), int(jumps)


def _read_file(database: UUID) -> tuple[int, int]:
    try:
        said = json.loads((settings.STATE_DIR / "guard.json").read_text("ascii"))
        return (int(said["count"]), int(said["jumps"])) if said["database"] == str(database) else (0, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def _write_file(known: Known) -> None:
    """Never less than what is there of the same database; several processes of a host write here."""
    path = settings.STATE_DIR / "guard.json"
    try:
        with (settings.STATE_DIR / "guard.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            count, jumps = _read_file(known.database)
            said = {
                "database": str(known.database), "count": max(known.count, count), "jumps": max(known.jumps, jumps),
            }  # fmt: skip
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(said), "ascii")
            fresh.replace(path)
    except OSError as error:
        log.warning("guard_not_copied_to_state_folder", error=str(error))
