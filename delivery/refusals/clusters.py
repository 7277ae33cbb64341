"""Answers gathered by what they say: how many people, since when, and who they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import connection
from django.db.models import F, Func, QuerySet, TextField

from common.sql import load_sql
from contacts.mailbox_providers import BY_NUMBER
from delivery.capabilities import SMTP
from delivery.models import Attempt, Detour, Mailing, Outcome
from delivery.refusals.causes import Cause
from delivery.refusals.explaining import explain

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST = 12  # shown; the people pages have everybody
_READ = 60  # answers by mailbox provider that these are made of
_FRESH = 5  # seconds a reading is kept: it reads every refusal of the mailing


@dataclass(frozen=True, slots=True)
class Part:
    """One mailbox provider's people of a cluster."""

    mx_group: int
    count: int

    @property
    def who(self) -> "str | _StrPromise":
        return BY_NUMBER[self.mx_group].name if self.mx_group in BY_NUMBER else "?"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One answer, with the mailbox providers that gave it. `sample`: a message that got it; `like` finds the others."""

    reason: int
    first_at: datetime
    last_at: datetime
    sample: int
    reply: str
    cause: Cause
    parts: list[Part]

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def took_minutes(self) -> bool:
        return self.last_at - self.first_at >= timedelta(minutes=1)


def refusals_of(mailing: Mailing) -> list[Cluster]:
    """Refusals of a mailing, the most people first; three statements, kept for some seconds."""
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
    return _gathered(rows, kinds=_apis_of(mailing) if rows else [])


def _gathered(rows: Sequence[tuple[Any, ...]], *, kinds: Sequence[str]) -> list[Cluster]:
    """Mailbox providers that said the same, and mean the same by it, in one cluster. `kinds` as explain asks for."""
    found: dict[object, Cluster] = {}
    for group, reason, count, first, last, sample, words, reply in rows:
        cause = explain(reply, mx_group=group, reason=reason, kinds=kinds)
        same = (reason, words, str(cause.title))
        one = found.get(same)
        if one is None:
            one = found[same] = Cluster(reason, first, last, sample, reply, cause, [])
        one.parts.append(Part(group, count))
        found[same] = replace(one, first_at=min(one.first_at, first), last_at=max(one.last_at, last))
    return sorted(found.values(), key=lambda cluster: -cluster.count)[:MOST]


def _apis_of(mailing: Mailing) -> list[str]:
    """Kinds of the accounts it left through whose answers are an API's."""
    through = {mailing.provider.kind, *Detour.objects.filter(mailing=mailing).values_list("provider__kind", flat=True)}
    return sorted(through - {SMTP})


def _read(mailing: Mailing, name: str) -> list[tuple[Any, ...]]:
    values = {"mailing": mailing.pk, "first": mailing.first_message_id or 0, "last": mailing.last_message_id or 0}
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", name), values | {"most": _READ})
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
