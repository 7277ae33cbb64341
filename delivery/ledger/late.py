"""Late write-back: a worker that woke after the sweep. It settles doubts of its own claim and nothing else."""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from delivery.ledger.reopening import reopen_mailing
from delivery.verdicts import Evidence, Fact, Verdict


def settle_late(cursor: CursorWrapper, *, batch_id: int, claim: int, round_: int, facts: Sequence[Fact]) -> int:
    """Turn this claim's own doubts into what was seen; returns how many. Call inside a transaction.

    What was not accepted for certain goes back to pending, and its batch, if done, is opened again.
    """
    cursor.execute("select mailing_id from delivery_batch where id = %s for no key update", [batch_id])
    (mailing_id,) = cursor.fetchone() or (0,)
    facts = [fact for fact in facts if fact.verdict != Verdict.UNKNOWN]
    moved = {verdict: _move(cursor, claim, facts, verdict) for verdict in (Verdict.ACCEPTED, Verdict.REFUSED)}
    back = _forget(cursor, claim, round_, facts)
    total = sum(moved.values()) + back
    if total:
        cursor.execute(
            "update delivery_batch set unknown_count = unknown_count - %s, accepted_count = accepted_count + %s, "
            "refused_count = refused_count + %s, state = case when state = 2 and %s > 0 then 0 else state end "
            "where id = %s",
            [total, moved[Verdict.ACCEPTED], moved[Verdict.REFUSED], back, batch_id],
        )
    if back:
        reopen_mailing(cursor, mailing_id)
    return total


def _move(cursor: CursorWrapper, claim: int, facts: Sequence[Fact], verdict: Verdict) -> int:
    mine = [fact for fact in facts if fact.verdict == verdict]
    if not mine:
        return 0
    cursor.execute(
        "update delivery_outcome o set state = %s, reason = f.reason, reply = f.reply, "
        "conversation = f.conversation, settled_by = %s "
        "from unnest(%s::bigint[], %s::smallint[], %s::text[], %s::text[]) f(id, reason, reply, conversation) "
        "where o.message_id = f.id and o.state = 5 and o.claim = %s",
        [
            int(verdict),
            int(Evidence.LATE_WORKER),
            [fact.message_id for fact in mine],
            [int(fact.reason) for fact in mine],
            [fact.reply.replace("\x00", "")[:1000] or None for fact in mine],
            [fact.conversation or None for fact in mine],
            claim,
        ],
    )
    return int(cursor.rowcount)


def _forget(cursor: CursorWrapper, claim: int, round_: int, facts: Sequence[Fact]) -> int:
    # somebody left out of the window was not begun either: the next round looks again
    pending = [fact for fact in facts if fact.verdict.is_pending or fact.verdict == Verdict.SKIPPED]
    if not pending:
        return 0
    cursor.execute(
        "delete from delivery_outcome where message_id = any(%s) and state = 5 and claim = %s returning message_id",
        [[fact.message_id for fact in pending], claim],
    )
    gone = {row[0] for row in cursor.fetchall()}
    for fact in pending:
        if fact.message_id in gone and fact.verdict == Verdict.DEFERRED:
            cursor.execute(
                "insert into delivery_attempt (message_id, claim, round, phase, code, reply, conversation, at) "
                "values (%s, %s, %s, %s, %s, %s, %s, clock_timestamp()) on conflict do nothing",
                [
                    fact.message_id,
                    claim,
                    round_,
                    int(fact.phase),
                    fact.code,
                    fact.reply[:1000] or None,
                    fact.conversation or None,
                ],
            )
    return len(gone)
