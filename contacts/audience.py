"""Whom a campaign is for: frozen as JSON on the mailing, compiled to one SQL source of contact ids.

The audience is everyone subscribed to its lists at the instant each block is read, each person once, under the list
with the smallest number among those that do not ban their address. Who has left is not in it, and so not in the ledger
either: they are nobody's audience. Who is subscribed but suppressed, or banned by every list of theirs, is in it, and
is counted as skipped, with the reason, by the snapshot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db import connection
from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _

from accounts.services import organisation
from common.sql import load_sql
from contacts.mailbox_providers import BY_NUMBER, MAILBOX_PROVIDERS, MailboxProvider
from contacts.models import Suppression
from contacts.tracking import Mode, Tracking, tracking_table


@dataclass(frozen=True, slots=True)
class Audience:
    """Lists by number. Segments and exclusions become further fields; an old JSON then reads as having none."""

    lists: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {"lists": sorted(set(self.lists))}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(lists=tuple(int(number) for number in stored.get("lists", ())))

    def source_sql(self) -> tuple[str, list[Any]]:
        """SQL without a semicolon, and its parameters, giving rows (contact_id, list_id).

        Page through it with `where contact_id > %s order by contact_id limit %s` around it: the condition and the
        order go down into index scans of subscription_audience, so a block costs the same wherever it begins.
        """
        one = "select contact_id, contact_list_id as list_id from contacts_subscription"
        one += " where contact_list_id = %s and state = 1"
        numbers = sorted(set(self.lists))
        if not numbers:
            return "select 0::bigint as contact_id, 0::bigint as list_id where false", []
        if len(numbers) == 1:
            return one, [*numbers]
        # Ordered branches and "distinct on" are merged from the index as they come: a block of 10,000 of half a million
        # took 15 ms, where grouping sorted all of them first (0.5 to 1.4 s).
        several = " union all ".join([f"({one} order by contact_id)"] * len(numbers))
        banned = _banned("contact_id", "list_id")
        merged = f"select distinct on (contact_id) contact_id, list_id from ({several}) lists"  # noqa: S608
        return f"{merged} order by contact_id, ({banned}), list_id", [*numbers, numbers]

    def whole_sql(self) -> tuple[str, list[Any]]:
        """The same rows for statements that read all of them: said so that the planner can tell how many there are.

        Of the form above it expects 200, and probes a million people one by one (12 s instead of 2).
        """
        numbers = sorted(set(self.lists))
        if len(numbers) < 2:
            sql, params = self.source_sql()
            return sql, [*params]
        whole = load_sql("contacts", "audience_whole")
        for row in ("e", "s"):
            whole = whole.replace(f"/* {row} is banned */", _banned(f"{row}.contact_id", f"{row}.contact_list_id"))
        return whole, [numbers] * 4


def _banned(contact: str, contact_list: str) -> str:
    """SQL of one parameter, the lists: whether a list bans an address; columns are named by the caller's code."""
    text = load_sql("contacts", "audience_banned")
    return text.replace("/* contact */", contact).replace("/* list */", contact_list)


class Obstacle(IntegerChoices):
    """Why somebody of an audience will not get a campaign. Numbers as in delivery's reasons of a skip."""

    SAMPLE = 13, _("sample contact, only for the test inbox")
    PAUSED = 17, _("takes a break from our messages")
    UNSUBSCRIBED = 20, Suppression.Reason.UNSUBSCRIBED.label
    HARD_BOUNCE = 21, Suppression.Reason.HARD_BOUNCE.label
    SOFT_BOUNCES = 22, Suppression.Reason.SOFT_BOUNCES.label
    COMPLAINED = 23, Suppression.Reason.COMPLAINED.label
    MANUAL = 24, Suppression.Reason.MANUAL.label
    ERASED = 25, Suppression.Reason.ERASED.label
    INACTIVE = 26, Suppression.Reason.INACTIVE.label


@dataclass(frozen=True, slots=True)
class AudiencePreview:
    """Who will get it and who will not, as of now: counts of people."""

    total: int
    reached: int
    obstacles: list[tuple[Obstacle, int]]  # the most frequent first
    providers: list[tuple[MailboxProvider, int]]  # of those reached, the most frequent first
    nameless: int  # of those reached, without a first name
    open_measured: int  # of those reached, whose opens may be measured in full


def judged_sql(audience: Audience, *, reaches_samples: bool) -> tuple[str, list[int | bool]]:
    """SQL and parameters giving rows (contact_id, mx_group, is_nameless, consents, reason) of everyone in an audience.

    `reason` is 0 for who will get it, else an Obstacle; `consents` is the index of contacts.tracking.tracking_table.
    """
    return _judged(audience.source_sql(), reaches_samples)


def _judged(source: tuple[str, Sequence[Any]], reaches_samples: bool) -> tuple[str, list[Any]]:
    text = load_sql("contacts", "audience_judged").replace("/* source */", source[0])
    return text, [int(Obstacle.SAMPLE), int(Obstacle.PAUSED), reaches_samples, *source[1]]


_MANY = 20_000  # people: up to here they are counted in a tenth of a second


def are_many(audience: Audience) -> bool:
    """Whether counting this audience takes longer than a page should; looks at as many people as tell it."""
    source, params = audience.source_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"select exists (select from ({source}) s offset {_MANY} limit 1)", params)  # noqa: S608
        (found,) = cursor.fetchone() or (False,)
    return bool(found)


_FIRST = 500  # people


def reaches_somebody(audience: Audience, *, reaches_samples: bool) -> bool:
    """Whether at least one person will get it: a look at the first of them, the same at ten people and at ten million.

    Only where the first five hundred are all left out, everybody is counted.
    """
    source, params = audience.source_sql()
    first = f"select contact_id, list_id from ({source}) s order by contact_id limit {_FIRST}"  # noqa: S608
    judged, values = _judged((first, params), reaches_samples)
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*), count(*) filter (where reason = 0) from ({judged}) p", values)  # noqa: S608
        people, reached = cursor.fetchone() or (0, 0)
    if reached or people < _FIRST:
        return bool(reached)
    return preview(audience, reaches_samples=reaches_samples).reached > 0


def preview(audience: Audience, *, reaches_samples: bool) -> AudiencePreview:
    """Count an audience in one statement. `reaches_samples`: whether the provider is the test inbox."""
    judged, params = _judged(audience.whole_sql(), reaches_samples)
    measured = [
        index
        for index, number in enumerate(tracking_table(organisation().tracking_policy))
        if Tracking.from_number(number).opens == Mode.FULL
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason, mx_group, count(*), count(*) filter (where is_nameless), "  # noqa: S608
            f"count(*) filter (where consents = any(%s)) from ({judged}) people group by reason, mx_group",
            (measured, *params),
        )
        rows: list[tuple[int, int, int, int, int]] = cursor.fetchall()
    obstacles: dict[int, int] = {}
    providers: dict[int, int] = {}
    for reason, group, count, _nameless, _measured in rows:
        kind, key = (obstacles, reason) if reason else (providers, group)
        kind[key] = kind.get(key, 0) + count
    reached = sum(providers.values())
    return AudiencePreview(
        total=reached + sum(obstacles.values()),
        reached=reached,
        obstacles=[(Obstacle(number), count) for number, count in _largest_first(obstacles)],
        providers=[(BY_NUMBER.get(number, MAILBOX_PROVIDERS[0]), count) for number, count in _largest_first(providers)],
        nameless=sum(row[3] for row in rows if not row[0]),
        open_measured=sum(row[4] for row in rows if not row[0]),
    )


def _largest_first(counts: dict[int, int]) -> list[tuple[int, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
