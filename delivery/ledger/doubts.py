"""How a doubt ends after the sending: evidence from outside, or a person's word."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from delivery.ledger.reopening import reopen_mailing
from delivery.models import Attempt, Batch, Mailing, Message, Outcome
from delivery.reasons import Reason
from delivery.verdicts import Evidence, Phase, Verdict

# No lease is longer; an open or a click inside it may be a relay that fetches links before it answers 550.
LONGEST_LEASE = timedelta(minutes=15)
GRACE = timedelta(minutes=10)
REPEATED_FOR = timedelta(days=1)  # after its end a mailing's doubts are left alone


class NotNow(Exception):
    """Asked too early or about the wrong message; the words say which."""


def settle(message_id: int, *, fact: Verdict, evidence: Evidence, at: datetime, reason: Reason = Reason.NONE) -> bool:
    """Evidence that names a message. `fact` is ACCEPTED or REFUSED; `at` when it was so.

    A doubt becomes the fact. Nothing known and no open window (after a restore): the fact is inserted. Inside an open
    window, or when there is no doubt: False, and the event waits or changes nothing.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        batch = _lock_batch(cursor, message_id)
        if batch is None:
            return False
        outcome = Outcome.objects.filter(pk=message_id).first()
        if outcome is None:
            if batch.state == Batch.State.CLAIMED and batch.done_to < message_id <= batch.open_to:
                return False
            if evidence == Evidence.HIT or not Message.objects.filter(pk=message_id).exists():
                return False
            Outcome.objects.create(
                message_id=message_id,
                mailing_id=batch.mailing_id,
                state=int(fact),
                reason=reason,
                settled_by=int(evidence),
                at=at,
            )
            _count(cursor, batch.pk, fact, doubt=False)
            return True
        if outcome.state != Outcome.State.UNKNOWN or (evidence == Evidence.HIT and at < outcome.at + LONGEST_LEASE):
            return False
        Outcome.objects.filter(pk=message_id, state=Outcome.State.UNKNOWN).update(
            state=int(fact), reason=reason, settled_by=int(evidence)
        )
        _count(cursor, batch.pk, fact, doubt=True)
        return True


def count_as_sent(message_id: int, *, user: User | None, at: datetime) -> bool:
    """An operator's word that a doubtful message did arrive; False when it is no doubt."""
    done = settle(message_id, fact=Verdict.ACCEPTED, evidence=Evidence.OPERATOR, at=at)
    if done:
        audit(verb="message.count_as_sent", target=f"message:{message_id}", user=user)
    return done


def send_again(message_id: int, *, user: User | None) -> None:
    """An operator's word that a doubtful message did not arrive: pending again, its batch opened if done.

    Raises NotNow when it is no doubt, or its worker may still be at it (claim held, or grace not over).
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        batch = _lock_batch(cursor, message_id)
        cursor.execute(
            "select claim, at + %s * interval '1 second' > clock_timestamp() "
            "from delivery_outcome where message_id = %s and state = 5",
            [GRACE.total_seconds(), message_id],
        )
        row = cursor.fetchone()
        if batch is None or row is None:
            raise NotNow(_("This message is not in doubt."))
        if row[1] or (batch.claim is not None and batch.claim == row[0]):
            raise NotNow(_("Its worker may still be at it: ten minutes after the doubt arose it can be sent again."))
        cursor.execute(
            "insert into delivery_attempt (message_id, claim, round, phase, reply, conversation, at) "
            "select message_id, coalesce(claim, 0), %s, %s, reply, conversation, at "
            "from delivery_outcome where message_id = %s on conflict do nothing",
            [batch.round, int(Phase.FINAL), message_id],
        )
        cursor.execute("delete from delivery_outcome where message_id = %s and state = 5", [message_id])
        cursor.execute(
            "update delivery_batch set unknown_count = unknown_count - 1, due_at = clock_timestamp(), "
            "state = case when state = 2 then 0 else state end where id = %s",
            [batch.pk],
        )
        reopen_mailing(cursor, batch.mailing_id)
        audit(verb="message.send_again", target=f"message:{message_id}", user=user)


def repeat_doubts(*, now: datetime, limit: int = 100) -> int:
    """Doubts of streams that would rather write twice than never: pending again, once each. How many there were."""
    mailings = Mailing.objects.filter(repeats_doubts=True, state__in=[Mailing.State.SENDING, Mailing.State.FINISHED])
    lately = mailings.filter(Q(finished_at=None) | Q(finished_at__gt=now - REPEATED_FOR)).values_list("pk", flat=True)
    ids = list(lately)
    if not ids:
        return 0
    before = Attempt.objects.filter(message_id=OuterRef("pk"), phase=int(Phase.FINAL), code=None)
    doubts = Outcome.objects.filter(
        ~Exists(before), mailing__in=ids, state=Outcome.State.UNKNOWN, at__lt=now - GRACE
    ).values_list("pk", flat=True)
    again = 0
    for message_id in list(doubts[:limit]):
        with suppress(NotNow):
            send_again(message_id, user=None)
            again += 1
    return again


def _lock_batch(cursor: CursorWrapper, message_id: int) -> Batch | None:
    """The batch of a message is the one with the greatest first_id not above its id; locked before any outcome."""
    found: Batch | None = None
    while True:
        cursor.execute(
            "select id from delivery_batch where first_id <= %s order by first_id desc limit 1", [message_id]
        )
        row = cursor.fetchone()
        if row is None or (found is not None and row[0] == found.pk):
            return None
        found = Batch.objects.select_for_update(no_key=True).get(pk=row[0])
        if message_id <= found.last_id:
            return found
        # in no batch; or in the half that was cut off while we waited for the lock (sql/share_end.sql): one look more


def _count(cursor: CursorWrapper, batch_id: int, fact: Verdict, *, doubt: bool) -> None:
    column = "accepted_count" if fact == Verdict.ACCEPTED else "refused_count"
    cursor.execute(
        f"update delivery_batch set {column} = {column} + 1, unknown_count = unknown_count - %s where id = %s",  # noqa: S608
        [int(doubt), batch_id],
    )
