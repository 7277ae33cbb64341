"""What became of a window, as parameters of the statement that stores it (sql/store.sql).

Nearly all facts say the same, accepted and no words: of those only the numbers travel.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from common.sql import Hot, load_sql
from delivery.reasons import Reason
from delivery.verdicts import Fact, Verdict

if TYPE_CHECKING:
    from delivery.ledger.claims import Claim

LONGEST = 1000  # characters kept of a server's words


def storing(name: str, claim: "Claim", facts: Sequence[Fact], values: Mapping[str, Any]) -> Hot:
    """`sql/<name>.sql`, an update of the claimed batch, and with it what became of the window: one row where the
    claim still stood, none where nothing was written.
    """
    # an API's own id for a message stands in its reply: those are written like the rest
    plain = [fact.message_id for fact in facts if fact.verdict == Verdict.ACCEPTED and not fact.reply]
    others = [] if len(plain) == len(facts) else [f for f in facts if f.verdict != Verdict.ACCEPTED or f.reply]
    settled = [_outcome(fact) for fact in others if not fact.verdict.is_pending]
    deferred = [_attempt(fact) for fact in others if fact.verdict == Verdict.DEFERRED]
    text = load_sql("delivery", name).replace("{store}", load_sql("delivery", "store"))
    return Hot(
        text,
        {
            **values,
            **_counts(len(plain), others),
            "batch": claim.batch_id,
            "claim": claim.number,
            "mailing": claim.mailing_id,
            "round": claim.round,
            "at": timezone.now(),
            "plain": f"{{{','.join(map(str, plain))}}}",
            "settled": json.dumps(settled),
            "deferred": json.dumps(deferred),
        },
    )


def is_dead(fact: Fact) -> bool:
    """Whether the server said that nobody is there."""
    return fact.verdict is Verdict.REFUSED and fact.reason == Reason.REFUSED_ADDRESS


def _outcome(fact: Fact) -> dict[str, Any]:
    return {
        "message_id": fact.message_id,
        "state": int(fact.verdict),
        "reason": int(fact.reason),
        "reply": words(fact.reply),
        "conversation": _text(fact.conversation),
    }


def _attempt(fact: Fact) -> dict[str, Any]:
    return {
        "message_id": fact.message_id,
        "phase": int(fact.phase),
        "code": fact.code,
        "reply": words(fact.reply),
        "conversation": _text(fact.conversation),
    }


def words(reply: str) -> str | None:
    """A server's words as stored; accepted mail needs none."""
    return _text(reply[:LONGEST])


def _text(text: str) -> str | None:
    """What PostgreSQL can keep: no NUL, no half of a pair (an API may answer both)."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode() or None


def _counts(plain: int, others: Sequence[Fact]) -> dict[str, int]:
    verdicts = [fact.verdict for fact in others]
    return {
        "accepted": plain + verdicts.count(Verdict.ACCEPTED),
        "refused": verdicts.count(Verdict.REFUSED),
        "skipped": verdicts.count(Verdict.SKIPPED),
        "unknown": verdicts.count(Verdict.UNKNOWN),
        "results": plain + sum(not verdict.is_pending for verdict in verdicts),
    }
