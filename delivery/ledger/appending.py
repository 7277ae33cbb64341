"""What became of a window, appended by COPY: one block of text for all its rows.

A row written by the driver's `write_row` costs 2 µs, one formatted here 0.4 µs (November 2026), and nearly all of
them say the same: accepted, no words.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from delivery.ledger.dead import suppress_dead
from delivery.reasons import Reason
from delivery.verdicts import Fact, Verdict

if TYPE_CHECKING:
    from delivery.ledger.claims import Claim

_OUTCOMES = "copy delivery_outcome (message_id, mailing_id, state, reason, claim, at, reply, conversation) from stdin"
_ATTEMPTS = "copy delivery_attempt (message_id, claim, round, phase, code, reply, conversation, at) from stdin"
_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def append(cursor: CursorWrapper, claim: "Claim", facts: Sequence[Fact]) -> None:
    """Outcomes, attempts, and the suppression of who is dead, in the transaction of the caller, who holds the batch."""
    at = timezone.now().isoformat()
    # an API's own id for a message stands in its reply: those are written like the rest
    plain = [fact.message_id for fact in facts if fact.verdict == Verdict.ACCEPTED and not fact.reply]
    others = [fact for fact in facts if fact.verdict != Verdict.ACCEPTED or fact.reply]
    if settled := [fact for fact in others if not fact.verdict.is_pending]:
        suppress_dead(settled, mailing_id=claim.mailing_id)
    rest = f"\t{claim.mailing_id}\t{Verdict.ACCEPTED:d}\t{Reason.NONE:d}\t{claim.number}\t{at}\t{_NULL}\t{_NULL}\n"
    _copy(cursor, _OUTCOMES, [f"{number}{rest}" for number in plain] + list(_outcomes(claim, settled, at)))
    deferred = [fact for fact in others if fact.verdict == Verdict.DEFERRED]
    _copy(cursor, _ATTEMPTS, list(_attempts(claim, deferred, at)))


def _copy(cursor: CursorWrapper, statement: str, rows: list[str]) -> None:
    if rows:
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            copy.write("".join(rows))


def _outcomes(claim: "Claim", facts: Sequence[Fact], at: str) -> Iterator[str]:
    for fact in facts:
        yield (
            f"{fact.message_id}\t{claim.mailing_id}\t{fact.verdict:d}\t{int(fact.reason)}\t{claim.number}\t{at}"
            f"\t{_text(words(fact.reply))}\t{_text(fact.conversation)}\n"
        )


def _attempts(claim: "Claim", facts: Sequence[Fact], at: str) -> Iterator[str]:
    for fact in facts:
        code = _NULL if fact.code is None else fact.code
        yield (
            f"{fact.message_id}\t{claim.number}\t{claim.round}\t{fact.phase:d}\t{code}"
            f"\t{_text(words(fact.reply))}\t{_text(fact.conversation)}\t{at}\n"
        )


def _text(text: str | None) -> str:
    return text.translate(_ESCAPES) if text else _NULL


def words(reply: str) -> str | None:
    """A server's words as stored: no NUL, at most 1,000 characters; accepted mail needs none."""
    return reply.replace("\x00", "")[:1000] or None
