"""Who would get a campaign if it left now, who would not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from psycopg import ClientCursor

from accounts.services import organisation
from campaigns.models import Campaign
from common.sql import load_sql
from contacts.audience import Audience
from contacts.mailbox_providers import BY_NUMBER
from contacts.models import Contact, Subscription
from contacts.tracking import tracking_table
from delivery.reasons import Reason


@dataclass(frozen=True, slots=True)
class Share:
    """People at one mailbox provider."""

    number: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """People left out for one reason."""

    reason: int
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Reach:
    """`total_count` = everyone of the audience = recipients + left out. Largest first. Those who left the lists are not
    in it: `gone_count`."""

    list_names: list[str]
    recipient_count: int = 0
    mailboxes: list[Share] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    nameless_count: int = 0
    open_measured_count: int = 0
    gone_count: int = 0

    @property
    def left_out_count(self) -> int:
        return sum(row.count for row in self.left_out)

    @property
    def total_count(self) -> int:
        return self.recipient_count + self.left_out_count

    @property
    def largest_mailbox(self) -> int:
        return self.mailboxes[0].count if self.mailboxes else 0

    @property
    def measured_share(self) -> float | None:
        return self.open_measured_count / self.recipient_count if self.recipient_count else None


def audience_of(campaign: Campaign) -> Audience:
    """What is frozen into the mailing when it starts."""
    return Audience(lists=tuple(sorted(found.pk for found in campaign.lists.all())))


def reach_of(campaign: Campaign) -> Reach:
    """Counted now, by the very conditions of the snapshot; three queries."""
    names = [found.name for found in campaign.lists.all()]
    if not names:
        return Reach(list_names=[])
    sql = (
        "select mx_group, reason, count(*), count(*) filter (where is_nameless), "  # noqa: S608
        f"count(*) filter (where is_open_measured) from ({_judged(campaign)}) j group by 1, 2"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
    boxes: dict[int, int] = {}
    reasons: dict[int, int] = {}
    nameless = measured = 0
    for group, reason, count, without_name, with_opens in rows:
        if reason is None:
            boxes[group] = boxes.get(group, 0) + count
            nameless, measured = nameless + without_name, measured + with_opens
        else:
            reasons[reason] = reasons.get(reason, 0) + count
    return Reach(
        list_names=names,
        recipient_count=sum(boxes.values()),
        mailboxes=[Share(n, str(BY_NUMBER[n].name), boxes[n]) for n in sorted(boxes, key=lambda n: -boxes[n])],
        left_out=[LeftOut(r, str(Reason(r).label), reasons[r]) for r in sorted(reasons, key=lambda r: -reasons[r])],
        nameless_count=nameless,
        open_measured_count=measured,
        gone_count=_gone(campaign),
    )


def _gone(campaign: Campaign) -> int:
    """How often somebody left one of the lists."""
    return Subscription.objects.filter(
        contact_list__in=campaign.lists.all(), state=Subscription.State.UNSUBSCRIBED
    ).count()


def _judged(campaign: Campaign) -> str:
    """The statement with its values written into it, so that it can stand inside others."""
    cursor = ClientCursor(connection.connection)
    source = cursor.mogrify(*audience_of(campaign).source_sql())
    provider = campaign.provider
    values = {
        "tracking": tracking_table(organisation().tracking_policy),
        "no_samples": provider is not None and not provider.is_catcher,
        "not_here": int(Reason.NOT_ALLOWED_HERE),
    }
    statement = load_sql("campaigns", "judged").replace("{source}", source.replace("%", "%%"))
    return cursor.mogrify(statement, values)


# ── the people behind ───────────────────────────────────────────────────────────────────────────────────────────
ANY = "any"


@dataclass(frozen=True, slots=True)
class ReachSelection:
    """`reason`: "" those who get it, "any" all left out, else one reason's number. `words` look somebody up instead."""

    reason: str = ""
    mailbox: int | None = None
    words: str = ""
    is_search: bool = False

    @classmethod
    def read(cls, given: Any) -> "ReachSelection":
        """From the parameters of a request; what makes no sense is left out."""
        reason, mailbox = given.get("reason", ""), given.get("mailbox", "")
        return cls(
            reason=reason if reason == ANY or (reason.isdigit() and int(reason) in Reason.values) else "",
            mailbox=int(mailbox) if mailbox.isascii() and mailbox.isdigit() and int(mailbox) in BY_NUMBER else None,
            words=given.get("q", "").strip()[:200],
            is_search="find" in given or "q" in given,
        )


def reach_contacts(campaign: Campaign, selection: ReachSelection) -> "QuerySet[Contact]":
    """The people of a number, or those whose name or address begins with the words; page them by ["pk"]."""
    if selection.is_search:
        words = selection.words.casefold()
        if not words:
            return Contact.objects.none()
        return Contact.objects.filter(Q(address_key__startswith=words) | Q(sort_key__startswith=words))
    if not campaign.lists.all():
        return Contact.objects.none()
    condition = "reason is null"
    if selection.reason:
        condition = "reason is not null" if selection.reason == ANY else f"reason = {int(selection.reason)}"
    if selection.mailbox is not None:
        condition += f" and mx_group = {int(selection.mailbox)}"
    chosen = f"select contact_id from ({_judged(campaign)}) j where {condition}"  # noqa: S608
    return Contact.objects.filter(pk__in=RawSQL(chosen.replace("%", "%%"), []))  # noqa: S611


NOT_IN_AUDIENCE = -1


def verdicts_of(campaign: Campaign, contacts: list[Contact]) -> Mapping[int, int]:
    """Why each is in (0) or out (a reason, or NOT_IN_AUDIENCE when on none of the lists), by contact id."""
    found = {contact.pk: NOT_IN_AUDIENCE for contact in contacts}
    if not found or not campaign.lists.all():
        return found
    sql = f"select contact_id, coalesce(reason, 0) from ({_judged(campaign)}) j where contact_id = any(%s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("%", "%%").replace("any(%%s)", "any(%s)"), [list(found)])
        found.update(dict(cursor.fetchall()))
    return found
