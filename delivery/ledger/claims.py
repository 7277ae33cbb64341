"""The send path's writes. Only the holder of a claim writes here; each statement carries the claim and counts its rows.

Order of locks everywhere: batch, then outcomes.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from common.sql import Hot, hot_transaction, in_one_trip, load_sql, run
from delivery import guard
from delivery.copies import Copy
from delivery.failpoints import passing
from delivery.ledger.clock import Deadline
from delivery.ledger.dead import suppress_dead
from delivery.ledger.late import settle_late
from delivery.ledger.places import Place, place
from delivery.ledger.storing import is_dead, storing
from delivery.reasons import Reason
from delivery.verdicts import Fact, Verdict

SETTLED = -1
LEAST = 100  # messages in a claim, where nothing is known of a connection's pace


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch taken by this worker; `number` stands in every later write."""

    number: int
    batch_id: int
    mailing_id: int
    provider_id: int
    first_id: int
    last_id: int
    round: int
    mx_group: int
    is_urgent: bool
    lease: timedelta
    deadline: Deadline
    place: Place


@dataclass(slots=True)
class Opened:
    """A window marked *sending*, committed. Not to be sent: `leave_out`, {message id: reason, 0 = settled}."""

    deadline: Deadline
    leave_out: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Waiting:
    """A message read for the next window, and how often it was tried before."""

    message: Copy
    tries: int


def claim_batch(
    *,
    provider_id: int,
    lease: timedelta,
    rooms: Mapping[int, int] | None = None,
    only_urgent: bool = False,
    least: int = LEAST,
) -> Claim | None:
    """Take a due batch of this provider, an urgent one if there is one; None when nothing is due, its connections are
    in use, or sending is held.

    `rooms`: connections at once by mailbox provider, where they are fewer. `least`: messages worth a claim of their
    own; towards the end of a mailing batches are cut down to it.
    """
    seen, mine = guard.known(), place()
    clock = Deadline.before()
    number = secrets.randbits(62)
    values = {
        "claim": number,
        "process": mine.number,
        "lease": lease.total_seconds(),
        "provider": provider_id,
        "rooms": json.dumps(rooms or {}),
    }
    with hot_transaction():
        found = _room_of(provider_id, seen)
        if found is None:
            return None
        taken = _take(found, values, only_urgent=only_urgent)
        if not taken:
            return None
        ((batch_id, mailing_id, first_id, last_id, rounds, mx_group, is_urgent),) = taken
        claim = Claim(
            number=number,
            batch_id=batch_id,
            mailing_id=mailing_id,
            provider_id=provider_id,
            first_id=first_id,
            last_id=last_id,
            round=rounds,
            mx_group=mx_group,
            is_urgent=is_urgent,
            lease=lease,
            deadline=clock.after(lease),
            place=mine,
        )
        claim = _share_end(claim, connections=found.every, least=least)
    passing("claim")
    return claim


@dataclass(frozen=True, slots=True)
class _Room:
    """Connections of an account at once: for every batch, and for those that are not urgent."""

    every: int
    others: int


def _room_of(provider_id: int, seen: guard.Known | None) -> _Room | None:
    """Locks the account's row; None where nothing may be claimed."""
    text = (
        f"select p.connection_count, g.database, g.count, g.held_at, {load_sql('delivery', 'kept')} "  # noqa: S608
        "from delivery_provider p left join delivery_guard g on g.id = 1 where p.id = %(id)s for no key update of p"
    )
    for count, database, raised, held_at, kept in run(Hot(text, {"id": provider_id})):
        if held_at is None and guard.allows(database, raised, seen):
            return _Room(every=count, others=count - kept)
    return None


def _take(room: _Room, values: dict[str, Any], *, only_urgent: bool) -> list[tuple[Any, ...]]:
    text = load_sql("delivery", "claim")
    taken = run(Hot(text.replace("{urgency}", "b.is_urgent"), values | {"room": room.every}))
    if not taken and not only_urgent:
        taken = run(Hot(text.replace("{urgency}", "not b.is_urgent"), values | {"room": room.others}))
    return taken


def _share_end(claim: Claim, *, connections: int, least: int) -> Claim:
    """The claim of what is left of its batch, where some of it was cut off for others."""
    if claim.last_id - claim.first_id + 1 < 2 * least:
        return claim
    values = {"batch": claim.batch_id, "mailing": claim.mailing_id, "provider": claim.provider_id}
    cut = run(Hot(load_sql("delivery", "share_end"), values | {"connections": connections, "least": least}))
    return replace(claim, last_id=cut[0][0]) if cut else claim


def read_window(claim: Claim, *, after: int, size: int) -> list[Waiting]:
    """The next messages without an outcome, in the order of ids, at most `size`; [] at the end of the batch."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(load_sql("delivery", "read_window"), {"after": after, "last": claim.last_id, "size": size})
            rows = cursor.fetchall()
            if not rows:
                return []
            last = rows[-1][0]
            cursor.execute(load_sql("delivery", "known_of"), {"after": after, "last": last})
            known: dict[int, int] = {}
            for pk, tries in cursor.fetchall():
                known[pk] = min(tries, known.get(pk, tries))
            if waiting := _waiting(claim, rows, known):
                return waiting
            after = last


def _waiting(claim: Claim, rows: Sequence[tuple[Any, ...]], known: Mapping[int, int]) -> list[Waiting]:
    """`known`: tries by message id, SETTLED where there is an outcome."""
    # One run of the JSON parser for all: 0.9 µs a message instead of 2 (November 2026).
    variables = json.loads(f"[{','.join([row[5] for row in rows])}]")
    return [
        Waiting(Copy(pk, claim.mailing_id, content_id, contact_id, address, tracking, values), known.get(pk, 0))
        for (pk, content_id, contact_id, address, tracking, _vars), values in zip(rows, variables, strict=True)
        if known.get(pk) != SETTLED
    ]


def mark_window(
    claim: Claim,
    facts: Sequence[Fact],
    *,
    done_to: int,
    open_to: int,
    lists: Sequence[int] = (),
    is_marketing: bool = True,
) -> Opened | None:
    """Write the last window's facts and open the next, in one durable transaction: only after it, the network.

    None when the claim may not begin anything more (paused, cancelled, lease over): nothing was written then.
    `lists`: who is on none of them any more is left out of the new window. Where it is no marketing, only a
    suppression of everything counts.
    """
    clock = Deadline.before()
    window = {"done_to": done_to, "open_to": open_to}
    mark = storing("mark", claim, facts, window | {"lease": claim.lease.total_seconds()})
    look = Hot(
        load_sql("delivery", "leave_out"),
        window
        | {
            "lists": list(lists),
            "is_marketing": is_marketing,
            "left": int(Reason.NOT_SUBSCRIBED),
            "paused": int(Reason.PAUSED),
            "erased": int(Reason.ERASED),
        },
    )
    is_ours, found = _store(claim, facts, mark, look)
    if not is_ours:
        return None
    leave_out: dict[int, int] = {}
    for pk, reason in found:
        leave_out[pk] = min(reason, leave_out.get(pk, reason))  # settled is 0
    return Opened(deadline=clock.after(claim.lease), leave_out=leave_out)


def write_back(claim: Claim, facts: Sequence[Fact], *, done_to: int) -> bool:
    """Write facts and close the window. When the sweep was faster, only our own doubts are settled: False then."""
    is_ours, *_nothing = _store(claim, facts, storing("write_back", claim, facts, {"done_to": done_to}))
    if is_ours:
        return True
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        _durable(cursor)
        settle_late(cursor, batch_id=claim.batch_id, claim=claim.number, round_=claim.round, facts=facts)
        suppress_dead(facts, mailing_id=claim.mailing_id)
        return False


def _store(claim: Claim, facts: Sequence[Fact], *statements: Hot) -> list[list[tuple[Any, ...]]]:
    """One durable transaction; who turned out to be dead is suppressed in it, so that no crash parts the two."""
    if not any(map(is_dead, facts)):
        return in_one_trip(*statements)
    with hot_transaction():
        found = [run(one) for one in statements]
        if found[0]:
            suppress_dead(facts, mailing_id=claim.mailing_id)
        return found


def renew_lease(claim: Claim) -> Deadline | None:
    """Replies come, slowly: hold the claim longer. None when it is no longer ours."""
    clock = Deadline.before()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        _durable(cursor)
        cursor.execute(
            "update delivery_batch set lease_until = clock_timestamp() + %s * interval '1 second' "
            "where id = %s and claim = %s and state = 1 and lease_until > clock_timestamp()",
            [claim.lease.total_seconds(), claim.batch_id, claim.number],
        )
        return clock.after(claim.lease) if cursor.rowcount else None


def release_batch(claim: Claim, *, backoff: timedelta, wait: timedelta = timedelta(0)) -> bool:
    """Give the batch back: done when every message has an outcome, else due again.

    `backoff`: until those may be tried again who were told "later"; `wait`: until anybody may, whom nobody tried too.
    """
    held = {"batch": claim.batch_id, "claim": claim.number}
    lock = Hot("select 1 from delivery_batch where id = %(batch)s and claim = %(claim)s for no key update", held)
    cut = Hot(load_sql("delivery", "cut_untried"), held | {"wait": wait.total_seconds()})
    release = Hot(load_sql("delivery", "release"), held | {"backoff": max(backoff, wait).total_seconds()})
    *_before, released = in_one_trip(lock, *([cut] if backoff > wait else []), release)
    return bool(released)


def are_stored(claim: Claim, facts: Sequence[Fact]) -> bool:
    """Whether a write-back whose answer was lost took place: all facts of one are committed together, or none."""
    ids = [fact.message_id for fact in facts if fact.verdict != Verdict.NOT_BEGUN]
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from delivery_outcome where message_id = any(%(ids)s) and claim = %(claim)s "
            "and not (state = 5 and reason = %(swept)s)) "
            "or exists (select 1 from delivery_attempt where message_id = any(%(ids)s) and claim = %(claim)s)",
            {"ids": ids, "claim": claim.number, "swept": int(Reason.LEASE_OVER)},
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _durable(cursor: CursorWrapper) -> None:
    """What was said is kept."""
    cursor.execute("set local synchronous_commit = on")
