"""Answers gathered by what they say: how many people, since when, and who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import connection
from django.db.models import F, Func, QuerySet, TextField

from common.sql import load_sql
from contacts.mailbox_providers import BY_NUMBER
from delivery.models import Attempt, Mailing, Outcome
from delivery.refusals.causes import Cause
from delivery.refusals.explaining import explain

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST = 12  # clusters shown; the people pages have everybody
_FRESH = 5  # seconds a reading is kept: it reads every refusal of the mailing


@dataclass(frozen=True, slots=True)
class Cluster:
    """One answer of one mailbox provider. `sample`: a message that got it; `like` finds the others."""

    mx_group: int
    reason: int
    count: int
    first_at: datetime
    last_at: datetime
    sample: int
    reply: str
    cause: Cause

    @property
    def who(self) -> "str | _StrPromise":
        return BY_NUMBER[self.mx_group].name if self.mx_group in BY_NUMBER else "?"


def refusals_of(mailing: Mailing) -> list[Cluster]:
    """Refusals of a mailing, the most people first; two statements, kept for some seconds."""
    return _kept(mailing, "refusals")


def deferrals_of(mailing: Mailing) -> list[Cluster]:
    """Who was asked to come back later and waits for it, the most people first."""
    return _kept(mailing, "deferrals")


def _kept(mailing: Mailing, name: str) -> list[Cluster]:
    key = f"delivery:{name}:{mailing.pk}"
    rows = cache.get(key)
    if rows is None:
        rows = _read(mailing, name)
        cache.set(key, rows, _FRESH)
    return [
        Cluster(group, reason, count, first, last, sample, reply, explain(reply, mx_group=group, reason=reason))
        for group, reason, count, first, last, sample, reply in rows
    ]


def _read(mailing: Mailing, name: str) -> list[tuple[Any, ...]]:
    values = {"mailing": mailing.pk, "first": mailing.first_message_id or 0, "last": mailing.last_message_id or 0}
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", name), values | {"most": MOST})
        rows = cursor.fetchall()
    replies = _replies(name, [row[5] for row in rows])
    return [(*row, replies.get(row[5], "")) for row in rows]


def _replies(name: str, samples: Sequence[int]) -> dict[int, str]:
    if name == "refusals":
        said = list(Outcome.objects.filter(pk__in=samples).values_list("message_id", "reply"))
    else:
        tries = Attempt.objects.filter(message_id__in=samples).order_by("at", "pk")
        said = list(tries.values_list("message_id", "reply"))
    return {number: reply or "" for number, reply in said}


def like(found: "QuerySet[Outcome]", sample: int) -> "QuerySet[Outcome]":
    """Of these outcomes, those whose server said what the one of message `sample` said."""
    words = Func(F("reply"), function="delivery_words", output_field=TextField())
    asked = Outcome.objects.filter(pk=sample).annotate(words=words).values_list("reason", "words").first()
    if asked is None:
        return found.none()
    reason, said = asked
    same = found.filter(reason=reason).annotate(words=words)
    return same.filter(words=said) if said is not None else same.filter(words=None)
