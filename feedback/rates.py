"""Each figure once: what is divided by what, who could be measured at all, and the sentence that says so.

Definitions are those of docs/feedback.md. A denominator of nought has no value: pages show "–".
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feedback.models import MailingStats

# Complaints: told at the first, at the second providers begin to act, at the third they refuse (Gmail, Yahoo; 2026).
COMPLAINT_LIMITS = (0.0008, 0.002, 0.003)
BOUNCE_LIMIT = 0.02
UNSUBSCRIBE_LIMIT = 0.005


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums of the hourly counts: people, but for the anonymous hits. Field names are those of MailingStats."""

    accepted_count: int = 0
    delivered_count: int = 0
    presumed_count: int = 0
    hard_bounce_count: int = 0
    soft_bounce_count: int = 0
    complained_count: int = 0
    opened_count: int = 0
    clicked_count: int = 0
    unsubscribed_count: int = 0
    one_click_count: int = 0
    unsubscribe_link_count: int = 0
    preference_page_count: int = 0
    open_measurable_count: int = 0
    click_measurable_count: int = 0
    both_opened_count: int = 0
    both_clicked_count: int = 0
    anonymous_open_count: int = 0
    anonymous_click_count: int = 0

    @property
    def reached(self) -> int:
        """Delivered: confirmed, and presumed where the provider confirms nothing."""
        return self.delivered_count + self.presumed_count

    @property
    def bounced(self) -> int:
        return self.hard_bounce_count + self.soft_bounce_count


COUNT_FIELDS = tuple(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True)
class Rate:
    """One figure. `value` is a ratio (0.25 = 25 %), None where `denominator` is 0.

    `measurable` is how many people could be measured at all. `is_presumed`: some of the delivered are presumed.
    `limits`, ascending, are drawn on charts; above them the figure is not good.
    """

    name: str
    label: Promise
    numerator: int
    denominator: int
    measurable: int
    definition: Promise
    is_presumed: bool = False
    limits: tuple[float, ...] = ()
    is_better_high: bool = True

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None

    @property
    def alarm(self) -> int:
        """How many of its limits it is above."""
        return sum(self.value is not None and self.value >= limit for limit in self.limits)


def rates_from(counts: Counts) -> list[Rate]:
    """Every figure of one set of counts, in the order pages show them."""
    return [*_delivery_rates(counts), *_reaction_rates(counts), *_farewell_rates(counts)]


def rates_of(mailing_ids: Collection[int]) -> list[Rate]:
    """The figures of these mailings taken together, from their hourly counts (one query). Test sends never count."""
    return rates_from(counts_of(mailing_ids))


def rates_by_mailing(mailing_ids: Collection[int]) -> dict[int, list[Rate]]:
    """The figures of each of these mailings, for a list page: one query for all of them."""
    return {mailing: rates_from(counts) for mailing, counts in counts_by_mailing(mailing_ids).items()}


def counts_of(mailing_ids: Collection[int], *, start: datetime | None = None, end: datetime | None = None) -> Counts:
    """Counts of these mailings taken together; `start` ≤ hour < `end` cut what happened in a time."""
    rows = stats(start=start, end=end).filter(mailing__in=list(mailing_ids))
    return _counts(rows.aggregate(**_sums()))


def counts_between(*, start: datetime, end: datetime, is_sample: bool | None = None) -> Counts:
    """Counts of everything that happened in start ≤ hour < end; `is_sample` keeps one side of sample data apart."""
    rows = stats(start=start, end=end)
    if is_sample is not None:
        rows = rows.filter(mailing__is_sample=is_sample)
    return _counts(rows.aggregate(**_sums()))


def counts_by_mailing(mailing_ids: Collection[int]) -> dict[int, Counts]:
    """Counts of each of these mailings; one with nothing counted yet has zeros."""
    rows = stats().filter(mailing__in=list(mailing_ids)).values("mailing_id").annotate(**_sums())
    found = {row["mailing_id"]: _counts(row) for row in rows}
    return {mailing: found.get(mailing, Counts()) for mailing in mailing_ids}


def stats(*, start: datetime | None = None, end: datetime | None = None) -> QuerySet[MailingStats]:
    """Hourly counts of real mailings (no test sends) in start ≤ hour < end."""
    wanted = Q(mailing__is_test=False)
    if start is not None:
        wanted &= Q(hour__gte=start)
    if end is not None:
        wanted &= Q(hour__lt=end)
    return MailingStats.objects.filter(wanted)


def sums() -> dict[str, Sum]:
    """Annotations that sum every count under its own name with an underscore in front; read them with counts_from."""
    return _sums()


def counts_from(row: Mapping[str, object]) -> Counts:
    """Counts of a row annotated with sums()."""
    return _counts(row)


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(F(name), default=0) for name in COUNT_FIELDS}


def _counts(row: Mapping[str, object]) -> Counts:
    return Counts(**{name: int(str(row[f"sum_{name}"])) for name in COUNT_FIELDS})


def by_name(rates: Iterable[Rate]) -> dict[str, Rate]:
    """The same figures by their name, for templates and tests."""
    return {rate.name: rate for rate in rates}


def _delivery_rates(counts: Counts) -> list[Rate]:
    accepted = counts.accepted_count
    return [
        Rate(
            name="delivery",
            label=_("Delivery rate"),
            numerator=counts.reached,
            denominator=accepted,
            measurable=accepted,
            definition=_(
                "Delivered ÷ accepted by the provider. Delivered means confirmed by the provider; where it "
                "confirms nothing, accepted and not bounced (presumed)."
            ),
            is_presumed=counts.presumed_count > 0,
        ),
        Rate(
            name="bounce",
            label=_("Bounce rate"),
            numerator=counts.bounced,
            denominator=accepted,
            measurable=accepted,
            definition=_("Hard bounces and final soft bounces ÷ accepted by the provider."),
            limits=(BOUNCE_LIMIT,),
            is_better_high=False,
        ),
        Rate(
            name="hard_bounce",
            label=_("Hard bounce rate"),
            numerator=counts.hard_bounce_count,
            denominator=accepted,
            measurable=accepted,
            definition=_("Addresses that do not exist ÷ accepted by the provider."),
            limits=(BOUNCE_LIMIT,),
            is_better_high=False,
        ),
    ]


def _reaction_rates(counts: Counts) -> list[Rate]:
    presumed = counts.presumed_count > 0
    return [
        Rate(
            name="open",
            label=_("Open rate"),
            numerator=counts.opened_count,
            denominator=counts.open_measurable_count,
            measurable=counts.open_measurable_count,
            definition=_("People with a human open ÷ people delivered to whose opens may be measured."),
            is_presumed=presumed,
        ),
        Rate(
            name="click",
            label=_("Click rate"),
            numerator=counts.clicked_count,
            denominator=counts.reached,
            measurable=counts.click_measurable_count,
            definition=_(
                "People with a human click ÷ people delivered to. Unsubscribe and preference links never count."
            ),
            is_presumed=presumed,
        ),
        Rate(
            name="click_to_open",
            label=_("Click-to-open rate"),
            numerator=counts.both_clicked_count,
            denominator=counts.both_opened_count,
            measurable=counts.both_opened_count,
            definition=_(
                "People who clicked ÷ people who opened, among those whose opens and clicks may both be measured."
            ),
        ),
    ]


def _farewell_rates(counts: Counts) -> list[Rate]:
    presumed, reached = counts.presumed_count > 0, counts.reached
    return [
        Rate(
            name="complaint",
            label=_("Complaint rate"),
            numerator=counts.complained_count,
            denominator=reached,
            measurable=reached,
            definition=_(
                "Complaints ÷ people delivered to. Gmail reports none one by one, so the true figure is higher."
            ),
            is_presumed=presumed,
            limits=COMPLAINT_LIMITS,
            is_better_high=False,
        ),
        Rate(
            name="unsubscribe",
            label=_("Unsubscribe rate"),
            numerator=counts.unsubscribed_count,
            denominator=reached,
            measurable=reached,
            definition=_(
                "People who left ÷ people delivered to: by the mail program’s button, the link or the preference page."
            ),
            is_presumed=presumed,
            limits=(UNSUBSCRIBE_LIMIT,),
            is_better_high=False,
        ),
    ]
