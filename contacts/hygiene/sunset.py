"""The sunset rule: quiet → on the win-back list → no campaigns any more; back at any sign of life.

Only people who were really written to are quiet, and only those whom the win-back message reached are given up. Each
block is a transaction of its own: a pass that was cut goes on with the next one.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from common.sql import load_sql
from contacts.hygiene.quiet import BLOCK, quiet_people, rule_of, written_to
from contacts.models import Contact, HygieneRule, HygieneRun, Sunset, Suppression
from contacts.services.suppressions import suppress_all

State = Sunset.State


def run_sunset(*, at: datetime) -> HygieneRun | None:
    """One pass of the rule; None while it is off. `counts`: asked, suppressed, back, waiting (for a message to reach
    them)."""
    rule = rule_of(HygieneRule.Kind.SUNSET)
    if not rule.is_on or rule.contact_list_id is None:
        return None
    run = HygieneRun.objects.create(rule=rule.kind, at=at)
    run.counts = {"back": _take_back(rule, at)}
    suppressed, waiting = _give_up(rule, at)
    run.counts |= {"suppressed": suppressed, "waiting": waiting, "asked": _ask(rule, rule.contact_list_id, at)}
    run.save(update_fields=["counts"])
    return run


def _take_back(rule: HygieneRule, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("contacts", "sunset_back"),
            {"at": at, "counts_opens": rule.counts_opens, "inactive": int(Suppression.Reason.INACTIVE)},
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _give_up(rule: HygieneRule, at: datetime) -> tuple[int, int]:
    """(suppressed, waiting): people asked long enough ago, by whether a message reached them since."""
    ripe = Sunset.objects.filter(state=State.ASKED, asked_at__lte=at - timedelta(days=rule.answer_days))
    suppressed = waiting = 0
    for asked_at in list(ripe.order_by("asked_at").values_list("asked_at", flat=True).distinct()):
        after = 0
        while block := _next_ids(ripe.filter(asked_at=asked_at, contact__gt=after)):
            after = block[-1]
            reached = sorted(written_to(block, since=asked_at))
            with transaction.atomic():
                keys = Contact.objects.filter(pk__in=reached).values_list("address_key", flat=True)
                suppress_all(
                    address_keys=list(keys),
                    reason=Suppression.Reason.INACTIVE,
                    scope=Suppression.Scope.MARKETING,
                    origin="sunset",
                    at=at,
                )
                Sunset.objects.filter(pk__in=reached, state=State.ASKED).update(state=State.SUPPRESSED, moved_at=at)
            suppressed += len(reached)
            waiting += len(block) - len(reached)
    return suppressed, waiting


def _next_ids(rows: "QuerySet[Sunset]") -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BLOCK])


def _ask(rule: HygieneRule, list_id: int, at: datetime) -> int:
    asked = 0
    since = at - timedelta(days=rule.quiet_days)
    for block in quiet_people(rule, before=since):
        mailed = sorted(written_to([number for number, _alive in block], since=since))
        if not mailed:
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(load_sql("contacts", "sunset_ask"), {"ids": mailed, "list": list_id, "at": at})
            asked += cursor.rowcount
    return asked
