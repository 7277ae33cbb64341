"""Who would get a campaign if it left now, who would not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from psycopg import ClientCursor

from campaigns.models import Campaign
from campaigns.ways import provider_of
from contacts import audience as audiences
from contacts.audience import Audience, judged_sql, preview
from contacts.mailbox_providers import BY_NUMBER
from contacts.models import Contact, Subscription, Suppression
from delivery.reasons import Reason


@dataclass(frozen=True, slots=True)
class Share:
    """People at one mailbox provider."""

    number: int
    count: int

    @property
    def name(self) -> str:
        return str(BY_NUMBER[self.number].name)  # in the reader's language: a count is kept for all of them


@dataclass(frozen=True, slots=True)
class LeftOut:
    """People left out for one reason."""

    reason: int
    count: int

    @property
    def word(self) -> str:
        return str(Reason(self.reason).label)


@dataclass(frozen=True, slots=True)
class Gone:
    """People who left one of the lists: nobody's audience any more, and so in no count of it."""

    list_id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Reach:
    """`total_count` = everyone of the audience = recipients + left out. Largest first. `gone` are not in it."""

    list_names: list[str]
    recipient_count: int = 0
    mailboxes: list[Share] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    nameless_count: int = 0
    open_measured_count: int = 0
    gone: list[Gone] = field(default_factory=list)

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


def list_names(campaign: Campaign) -> list[str]:
    """Whom it is for, as far as it is known without counting."""
    return [found.name for found in campaign.lists.all()]


def audience_of(campaign: Campaign) -> Audience:
    """What is frozen into the mailing when it starts."""
    return Audience(lists=tuple(sorted(found.pk for found in campaign.lists.all())))


def reaches_somebody(campaign: Campaign) -> bool:
    """Whether anybody would get it, without counting them."""
    return audiences.reaches_somebody(audience_of(campaign), reaches_samples=_reaches_samples(campaign))


_KEPT = 60  # seconds
_SLOW = 0.2  # seconds: what took longer is kept


def reach_of(campaign: Campaign, *, may_be_kept: bool = False) -> Reach:
    """Counted by the very conditions of the snapshot. `may_be_kept`: a page may show the count of a minute ago where
    counting takes long (a million people: a second)."""
    kept = _kept(campaign) if may_be_kept else None
    if kept is not None:
        return kept
    begun = monotonic()
    reach = _count(campaign)
    if monotonic() - begun > _SLOW:
        cache.set(_key(campaign), reach, _KEPT)
    return reach


def reach_at_once(campaign: Campaign, *, may_be_kept: bool = True) -> Reach | None:
    """The same where it is known or quickly counted; None where a page should come first and its numbers after it."""
    kept = _kept(campaign) if may_be_kept else None
    if kept is not None:
        return kept
    return None if audiences.are_many(audience_of(campaign)) else reach_of(campaign)


def _kept(campaign: Campaign) -> Reach | None:
    found: Reach | None = cache.get(_key(campaign))
    return found


def _key(campaign: Campaign) -> str:
    lists = "-".join(map(str, audience_of(campaign).lists))
    return f"campaigns:reach:{lists}:{_reaches_samples(campaign)}"


def _count(campaign: Campaign) -> Reach:
    names = list_names(campaign)
    if not names:
        return Reach(list_names=[])
    found = preview(audience_of(campaign), reaches_samples=_reaches_samples(campaign))
    return Reach(
        list_names=names,
        recipient_count=found.reached,
        mailboxes=[Share(box.number, count) for box, count in found.providers],
        left_out=[LeftOut(int(reason), count) for reason, count in found.obstacles],
        nameless_count=found.nameless,
        open_measured_count=found.open_measured,
        gone=_gone(campaign),
    )


def _reaches_samples(campaign: Campaign) -> bool:
    """Sample people get mail in the test inbox only; while there is no provider, nothing is held against them."""
    provider = provider_of(campaign)
    return provider is None or provider.is_catcher


def _gone(campaign: Campaign) -> list[Gone]:
    names = {found.pk: found.name for found in campaign.lists.all()}
    left = Subscription.objects.filter(contact_list__in=names, state=Subscription.State.UNSUBSCRIBED)
    rows = left.values_list("contact_list").annotate(people=Count("contact_id")).order_by("-people")
    return [Gone(pk, names[pk], people) for pk, people in rows]


def _judged(campaign: Campaign) -> str:
    """The statement with its values written into it, so that it can stand inside others."""
    statement, values = judged_sql(audience_of(campaign), reaches_samples=_reaches_samples(campaign))
    return ClientCursor(connection.connection).mogrify(statement, values)


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
    condition = "reason = 0"
    if selection.reason:
        condition = "reason <> 0" if selection.reason == ANY else f"reason = {int(selection.reason)}"
    chosen = f"select contact_id from ({_judged(campaign)}) j where {condition}"  # noqa: S608
    found = _narrowed(selection.reason).filter(pk__in=RawSQL(chosen.replace("%", "%%"), []))  # noqa: S611
    # On the outer table, so that a page streams from the contacts' key: 11 ms instead of 900 at a million.
    return found if selection.mailbox is None else found.filter(mx_group=selection.mailbox)


_FEW = 1_000


def _narrowed(reason: str) -> "QuerySet[Contact]":
    """Everybody, or the few who can have this reason: the page is otherwise looked for among a million (5 s)."""
    if reason in ("", ANY) or int(reason) not in Suppression.Reason.values:
        return Contact.objects.all()
    holders = Suppression.objects.filter(reason=int(reason), address_key__isnull=False)
    keys = list(holders.values_list("address_key", flat=True)[: _FEW + 1])
    return Contact.objects.all() if len(keys) > _FEW else Contact.objects.filter(address_key__in=keys)


NOT_IN_AUDIENCE = -1


def verdicts_of(campaign: Campaign, contacts: list[Contact]) -> Mapping[int, int]:
    """Why each is in (0) or out (a reason, or NOT_IN_AUDIENCE when on none of the lists), by contact id."""
    found = {contact.pk: NOT_IN_AUDIENCE for contact in contacts}
    if not found or not campaign.lists.all():
        return found
    sql = f"select contact_id, reason from ({_judged(campaign)}) j where contact_id = any(%s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("%", "%%").replace("any(%%s)", "any(%s)"), [list(found)])
        found.update(dict(cursor.fetchall()))
    return found
