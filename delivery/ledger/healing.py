"""The sweep's part of the ledger: leases that are over, mailings that were cancelled, batches to be opened again."""

from dataclasses import dataclass

from django.db import connection, transaction

from common.sql import load_sql
from delivery.failpoints import passing
from delivery.guard import RESTORED
from delivery.models import Batch, Counter, Mailing
from delivery.reasons import Reason

AT_ONCE = 20  # batches a pass
# When the database's clock jumps, every lease is over at once while mail is being accepted: then live workers get this
# many passes to close their windows by themselves.
MASS_EXPIRY = 8
PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Healed:
    batches: int = 0
    doubts: int = 0
    held_mailings: tuple[int, ...] = ()


def heal_expired() -> Healed:
    """Turn the open windows of expired claims into doubts and give their batches back, each in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), count(*) filter (where lease_until < clock_timestamp()) "
            "from delivery_batch where state = 1"
        )
        claimed, expired = cursor.fetchone() or (0, 0)
    if _must_wait(claimed=claimed, expired=expired):
        return Healed()
    batches = doubts = 0
    held: list[int] = []
    while expired and batches < AT_ONCE:
        found = _heal_one()
        if found is None:
            break
        batches += 1
        doubts += found[0]
        if found[1] is not None:
            held.append(found[1])
    return Healed(batches=batches, doubts=doubts, held_mailings=tuple(held))


def _must_wait(*, claimed: int, expired: int) -> bool:
    is_mass = expired > MASS_EXPIRY and expired * 2 > claimed
    row, _created = Counter.objects.get_or_create(name="mass_expiry", defaults={"next": 0})
    if not is_mass:
        if row.next:
            Counter.objects.filter(name="mass_expiry").update(next=0)
        return False
    Counter.objects.filter(name="mass_expiry").update(next=row.next + 1)
    return row.next < PATIENCE


def _heal_one() -> tuple[int, int | None] | None:
    """(doubts, the mailing when the batch is held now) of one expired batch; None when there is none."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = on")
        cursor.execute(
            "select id, mailing_id, claim, done_to, open_to from delivery_batch "
            "where state = 1 and lease_until < clock_timestamp() order by id limit 1 for update skip locked"
        )
        row = cursor.fetchone()
        if row is None:
            return None
        batch_id, mailing_id, claim, done_to, open_to = row
        cursor.execute(
            load_sql("delivery", "doubt_window"),
            {"reason": int(Reason.LEASE_OVER), "claim": claim, "done_to": done_to, "open_to": open_to},
        )
        doubts = cursor.rowcount
        passing("heal")
        cursor.execute(load_sql("delivery", "heal_batch"), {"batch": batch_id, "doubts": doubts})
        healed = cursor.fetchone()
        return doubts, mailing_id if healed and healed[0] == Batch.State.HELD else None


def skip_rest(mailing_id: int, *, limit: int = 200) -> int:
    """A cancelled mailing: what nobody holds becomes skipped, batch by batch; returns how many batches were closed.

    Claimed batches are left alone: their holder closes the window, or the sweep does.
    """
    was_restored = Mailing.objects.filter(pk=mailing_id, pause_reason=RESTORED).exists()
    reason = Reason.RESTORED if was_restored else Reason.CANCELLED
    return _skip(mailing_id, None, reason, limit)


def skip_share(mailing_id: int, *, mx_group: int, limit: int = 200) -> int:
    """The share of one mailbox provider was given up: as skip_rest, for its batches alone."""
    return _skip(mailing_id, mx_group, Reason.BRAKED, limit)


def _skip(mailing_id: int, mx_group: int | None, reason: Reason, limit: int) -> int:
    closed = 0
    while closed < limit and _skip_one(mailing_id, mx_group, reason):
        closed += 1
    return closed


def _skip_one(mailing_id: int, mx_group: int | None, reason: Reason) -> bool:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "select id, first_id, last_id from delivery_batch where mailing_id = %(mailing)s and state in (0, 3) "
            "and (%(group)s::int is null or mx_group = %(group)s) order by id limit 1 for update skip locked",
            {"mailing": mailing_id, "group": mx_group},
        )
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute(
            "insert into delivery_outcome (message_id, mailing_id, state, reason, at) "
            "select m.id, m.mailing_id, 4, %s, clock_timestamp() from delivery_message m "
            "where m.id between %s and %s and not exists (select 1 from delivery_outcome o where o.message_id = m.id)",
            [int(reason), row[1], row[2]],
        )
        cursor.execute(
            "update delivery_batch set state = 2, skipped_count = skipped_count + %s where id = %s",
            [cursor.rowcount, row[0]],
        )
        return True


def free_held(mailing_id: int) -> int:
    """A person decided to go on: batches held after four claims without progress may be claimed again."""
    return Batch.objects.filter(mailing_id=mailing_id, state=Batch.State.HELD).update(
        state=Batch.State.PENDING, claim_count=0
    )


def reopen_unfinished(mailing_id: int) -> int:
    """Done batches whose counters say that somebody is left (a late "not begun"): due again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update delivery_batch set state = 0, due_at = clock_timestamp() where mailing_id = %s and state = 2 "
            "and accepted_count + refused_count + skipped_count + unknown_count < last_id - first_id + 1",
            [mailing_id],
        )
        return int(cursor.rowcount)
