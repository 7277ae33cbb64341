"""A person's word about all the doubts of a mailing at once, batch by batch: each locked, then its outcomes."""

from dataclasses import dataclass

from django.db import connection, transaction

from accounts.models import User
from accounts.services import audit
from delivery.ledger.doubts import GRACE
from delivery.ledger.reopening import reopen_mailing
from delivery.models import Batch
from delivery.verdicts import Evidence, Phase


@dataclass(frozen=True, slots=True)
class Settled:
    """How many doubts ended; `early`: those whose worker may still be at it, left as they are."""

    people: int
    early: int = 0


def count_all_as_sent(mailing_id: int, *, user: User | None) -> Settled:
    """Every doubt of the mailing did arrive, says a person."""
    people = 0
    for batch_id in _doubtful(mailing_id):
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("select first_id, last_id from delivery_batch where id = %s for no key update", [batch_id])
            first, last = cursor.fetchone() or (0, -1)
            cursor.execute(
                "update delivery_outcome set state = 2, reason = 0, settled_by = %s "
                "where message_id between %s and %s and state = 5",
                [int(Evidence.OPERATOR), first, last],
            )
            count = cursor.rowcount
            cursor.execute(
                "update delivery_batch set unknown_count = unknown_count - %s, accepted_count = accepted_count + %s "
                "where id = %s",
                [count, count, batch_id],
            )
        people += count
    if people:
        audit(verb="mailing.count_as_sent", target=f"mailing:{mailing_id}", user=user, people=people)
    return Settled(people)


def send_all_again(mailing_id: int, *, user: User | None) -> Settled:
    """No doubt of the mailing did arrive, says a person: pending again, where no worker can still be at it."""
    people = early = 0
    for batch_id in _doubtful(mailing_id):
        with transaction.atomic(durable=True):
            gone, kept = _reopen(batch_id)
            if gone:
                with connection.cursor() as cursor:
                    reopen_mailing(cursor, mailing_id)
        people, early = people + gone, early + kept
    if people:
        audit(verb="mailing.send_again", target=f"mailing:{mailing_id}", user=user, people=people)
    return Settled(people, early)


def _reopen(batch_id: int) -> tuple[int, int]:
    """(doubts that are pending again, doubts left because of the grace or a live claim) of one batch."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select first_id, last_id, round, coalesce(claim, -1) from delivery_batch where id = %s for no key update",
            [batch_id],
        )
        first, last, round_, claim = cursor.fetchone() or (0, -1, 0, -1)
        cursor.execute(
            "with mine as (delete from delivery_outcome where message_id between %(first)s and %(last)s and state = 5 "
            "  and at + %(grace)s * interval '1 second' <= clock_timestamp() and coalesce(claim, 0) <> %(claim)s "
            "  returning message_id, claim, reply, conversation, at) "
            "insert into delivery_attempt (message_id, claim, round, phase, reply, conversation, at) "
            "select message_id, coalesce(claim, 0), %(round)s, %(phase)s, reply, conversation, at from mine "
            "on conflict (message_id, claim) do update set at = excluded.at",
            {
                "first": first, "last": last, "grace": GRACE.total_seconds(), "claim": claim, "round": round_,
                "phase": int(Phase.FINAL),
            },
        )  # fmt: skip
        gone = cursor.rowcount
        cursor.execute(
            "select count(*) from delivery_outcome where message_id between %s and %s and state = 5", [first, last]
        )
        kept = (cursor.fetchone() or (0,))[0]
        if gone:
            cursor.execute(
                "update delivery_batch set unknown_count = unknown_count - %s, due_at = clock_timestamp(), "
                "state = case when state = 2 then 0 else state end where id = %s",
                [gone, batch_id],
            )
    return gone, int(kept)


def _doubtful(mailing_id: int) -> list[int]:
    found = Batch.objects.filter(mailing_id=mailing_id, unknown_count__gt=0).order_by("pk")
    return list(found.values_list("pk", flat=True))
