"""What pages show of feedback: the hours of a mailing, its links, its mailbox providers, the people of a figure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDay

from contacts.mailbox_providers import BY_NUMBER, OTHERS
from delivery.models import Link, Mailing, Outcome
from feedback.models import Event, LinkStats
from feedback.rates import Counts, counts_from, stats, sums

_LOST = Q(bounced_at__isnull=False) & (
    Q(is_hard_bounce=True) | Q(delivered_at__isnull=True) | Q(delivered_at__lt=F("bounced_at"))
)
# figure → its people, among the accepted. The words are those of the counts.
_PEOPLE: dict[str, Q] = {
    "accepted": Q(),
    "delivered": ~_LOST & Q(delivered_at__isnull=False),
    "presumed": ~_LOST & Q(delivered_at__isnull=True),
    "bounced": _LOST,
    "hard_bounced": _LOST & Q(is_hard_bounce=True),
    "soft_bounced": _LOST & ~Q(is_hard_bounce=True),
    "complained": Q(complained_at__isnull=False),
    "opened": Q(opened_at__isnull=False),
    "clicked": Q(clicked_at__isnull=False),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "not_opened": ~_LOST & Q(opened_at__isnull=True),
    "not_clicked": ~_LOST & Q(clicked_at__isnull=True),
}
FIGURES = tuple(_PEOPLE)


@dataclass(frozen=True, slots=True)
class Span:
    """What happened in one hour (UTC, `start` aware) or one day (of the zone asked for)."""

    start: datetime
    counts: Counts


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link of a mailing. `people` are different people; `clicks` and `anonymous` are hits."""

    number: int
    url: str
    label: str
    people: int
    clicks: int
    anonymous: int


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """Counts at one mailbox provider."""

    mx_group: int
    label: str
    counts: Counts


def people(mailing_ids: Collection[int], *, figure: str, link: int | None = None) -> QuerySet[Outcome]:
    """The people behind a figure (a name of FIGURES), or with `link` those who clicked that link.

    Outcomes with their message, for keyset pages by `message_id`. Raises KeyError for an unknown figure.
    """
    wanted = _PEOPLE[figure]
    # The accepted have no index of their own: each mailing is one range of ids.
    ends = Mailing.objects.filter(pk__in=list(mailing_ids)).aggregate(
        first=Min("first_message_id"), last=Max("last_message_id")
    )
    rows = Outcome.objects.filter(
        wanted,
        mailing__in=list(mailing_ids),
        state=Outcome.State.ACCEPTED,
        message_id__gte=ends["first"] or 0,
        message_id__lte=ends["last"] or 0,
    )
    if link is not None:
        clicks = Event.objects.filter(
            mailing_id=OuterRef("mailing_id"),
            message_id=OuterRef("message_id"),
            link_number=link,
            kind=Event.Kind.CLICKED,
        )
        rows = rows.filter(Exists(clicks))
    return rows.select_related("message")


def hours(mailing_ids: Collection[int]) -> list[Span]:
    """The timeline of these mailings together: one entry for each UTC hour in which something happened, ascending."""
    rows = stats().filter(mailing__in=list(mailing_ids)).values("hour").annotate(**sums()).order_by("hour")
    return [Span(start=row["hour"], counts=counts_from(row)) for row in rows]


def days(*, start: datetime, end: datetime, zone: ZoneInfo, is_sample: bool | None = None) -> list[Span]:
    """What happened each day of `zone` in start ≤ hour < end, over all mailings; days without anything are left out."""
    rows = stats(start=start, end=end)
    if is_sample is not None:
        rows = rows.filter(mailing__is_sample=is_sample)
    grouped = rows.values(day=TruncDay("hour", tzinfo=zone)).annotate(**sums()).order_by("day")
    return [Span(start=row["day"], counts=counts_from(row)) for row in grouped]


def links(mailing_id: int) -> list[LinkRow]:
    """Every link of a mailing with its clicks, the most clicked first."""
    found = {row.number: row for row in LinkStats.objects.filter(mailing=mailing_id)}
    rows = [_link_row(link, found.get(link.number)) for link in Link.objects.filter(mailing=mailing_id)]
    return sorted(rows, key=lambda row: (-row.people, -row.anonymous, row.number))


def _link_row(link: Link, counted: LinkStats | None) -> LinkRow:
    return LinkRow(
        number=link.number,
        url=link.url,
        label=link.label,
        people=counted.people_count if counted else 0,
        clicks=counted.click_count if counted else 0,
        anonymous=counted.anonymous_count if counted else 0,
    )


def mailbox_providers(mailing_ids: Collection[int]) -> list[ProviderRow]:
    """Counts by mailbox provider, the largest first; hits without a name are left out."""
    rows = stats().filter(mailing__in=list(mailing_ids)).values("mx_group").annotate(**sums())
    found = [
        ProviderRow(row["mx_group"], str(BY_NUMBER.get(row["mx_group"], BY_NUMBER[OTHERS]).name), counts_from(row))
        for row in rows
    ]
    return sorted((row for row in found if row.counts.accepted_count), key=lambda row: -row.counts.accepted_count)


def last_day_counted() -> date | None:
    """The day of the newest hour counted; None on a new installation."""
    newest = stats().order_by("-hour").values_list("hour", flat=True).first()
    return newest.date() if newest else None
