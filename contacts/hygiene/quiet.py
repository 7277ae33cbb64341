"""Who has gone quiet: the one walk that forecasts and acts, so that a forecast is what would really happen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from common.sql import load_sql
from contacts.models import Confirmation, HygieneRule
from contacts.models.hygiene import defaults_of
from contacts.registry import written

BLOCK = 5_000  # people
WEEKS = 12
Kind = HygieneRule.Kind


def rule_of(kind: HygieneRule.Kind | str) -> HygieneRule:
    """The rule of a kind; as nobody has touched it yet, off."""
    return HygieneRule.objects.get_or_create(kind=kind, defaults=defaults_of(kind))[0]


def quiet_people(rule: HygieneRule, *, before: datetime) -> Iterator[list[tuple[int, datetime]]]:
    """Blocks of (contact id, last sign of life) of those who gave none since `before`; one statement a block."""
    after = 0
    while True:
        values: dict[str, Any] = {
            "cursor": after,
            "before": before,
            "size": BLOCK,
            "counts_opens": rule.counts_opens,
            "stay": int(Confirmation.Kind.STAY),
        }
        with connection.cursor() as cursor:
            cursor.execute(load_sql("contacts", f"quiet_{rule.kind}"), values)
            rows: list[tuple[int, datetime]] = cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < BLOCK:
            return
        after = rows[-1][0]


def written_to(contact_ids: list[int], *, since: datetime) -> set[int]:
    """Those somebody handed a campaign over to since: who was not written to cannot be told from who is gone."""
    return {number for ask in written for number in ask(contact_ids, since=since)}


def forecast(rule: HygieneRule, *, at: datetime) -> dict[str, Any]:
    """How many people the rule would take now, and in each of the next twelve weeks if nobody stirs.

    {"at": ISO date and time, "now": people, "weeks": twelve numbers}; made from what is known at `at`.
    """
    patience = timedelta(days=rule.quiet_days)
    weeks = [0] * (WEEKS + 1)
    for block in quiet_people(rule, before=at - patience + timedelta(weeks=WEEKS)):
        if rule.kind == Kind.SUNSET:
            mailed = written_to([number for number, _alive in block], since=at - patience)
            block = [row for row in block if row[0] in mailed]
        for _number, alive in block:
            weeks[max(0, min(WEEKS, ceil((alive + patience - at) / timedelta(weeks=1))))] += 1
    return {"at": at.isoformat(), "now": weeks[0], "weeks": weeks[1:]}


def ask_forecast(kind: HygieneRule.Kind | str, *, at: datetime) -> None:
    """Have a forecast made; whoever called enqueues it, and a sweep finds what was missed."""
    HygieneRule.objects.filter(pk=rule_of(kind).pk).update(forecast_asked_at=at)


def make_forecasts(*, at: datetime | None = None) -> int:
    """Make the forecasts that were asked for; returns how many."""
    at = at or timezone.now()
    made = 0
    for rule in HygieneRule.objects.exclude(forecast_asked_at=None):
        found = forecast(rule, at=at)
        with transaction.atomic():  # one that was asked for meanwhile, of other days, stays asked for
            HygieneRule.objects.filter(pk=rule.pk).update(forecast=found)
            HygieneRule.objects.filter(pk=rule.pk, forecast_asked_at=rule.forecast_asked_at).update(
                forecast_asked_at=None
            )
        made += 1
    return made
