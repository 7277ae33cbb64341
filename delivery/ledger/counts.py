"""The ledger as numbers: planned = accepted + refused + skipped + pending + sending + unknown, at every instant."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from common.sql import load_sql
from delivery.models import Mailing, Outcome

NUMBERS = ("planned", "accepted", "refused", "skipped", "pending", "sending", "unknown")


@dataclass(frozen=True, slots=True)
class Ledger:
    """Each number was counted on its own, none is "the rest". `reasons`: {state: {reason: people}} of 3, 4 and 5."""

    planned: int = 0
    accepted: int = 0
    refused: int = 0
    skipped: int = 0
    pending: int = 0
    sending: int = 0
    unknown: int = 0
    reasons: dict[int, dict[int, int]] = field(default_factory=dict)

    @property
    def is_balanced(self) -> bool:
        parts = self.accepted + self.refused + self.skipped + self.pending + self.sending + self.unknown
        return self.planned == parts

    @property
    def is_settled(self) -> bool:
        """Nothing pending and nothing sending; doubts may remain."""
        return not self.pending and not self.sending

    def numbers(self) -> dict[str, int]:
        """The seven numbers by name, for JSON and for tests."""
        return {name: getattr(self, name) for name in NUMBERS}


def ledger_of(mailing_id: int, *, with_reasons: bool = True) -> Ledger:
    """The ledger of one mailing: two statements, the second only for the reasons."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "ledger"), {"mailing": mailing_id})
        row = cursor.fetchone()
    if row is None:
        return Ledger()
    return _ledger(row, _reasons(mailing_id) if with_reasons else {})


def _ledger(row: Sequence[Any], reasons: dict[int, dict[int, int]]) -> Ledger:
    return Ledger(**{name: int(number) for name, number in zip(NUMBERS, row, strict=True)}, reasons=reasons)


def _reasons(mailing_id: int) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    rows = (
        Outcome.objects.filter(mailing_id=mailing_id)
        .exclude(state=Outcome.State.ACCEPTED)
        .values_list("state", "reason")
        .annotate(people=Count("message_id"))
        .order_by("state", "-people", "reason")
    )
    for state, reason, people in rows:
        found.setdefault(state, {})[reason] = people
    return found


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A mailing whose rows do not say what its counters say."""

    mailing_id: int
    counted: Ledger
    recorded: Ledger


def check_ledger(mailing: Mailing) -> Imbalance | None:
    """Count every message of the mailing from the rows and compare with the ledger; None when all is well."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:  # both looks see one instant, though workers go on meanwhile
            cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select first_message_id, last_message_id from delivery_mailing where id = %s", [mailing.pk])
        first, last = cursor.fetchone() or (None, None)
        cursor.execute(load_sql("delivery", "recount"), {"mailing": mailing.pk, "first": first or 0, "last": last or 0})
        row = cursor.fetchone()
        recorded = ledger_of(mailing.pk, with_reasons=False)
    counted = _ledger(row or (0,) * len(NUMBERS), {})
    if counted.numbers() == recorded.numbers() and counted.is_balanced:
        return None
    return Imbalance(mailing_id=mailing.pk, counted=counted, recorded=recorded)
