"""What came of a campaign: ledger, rates against what was usual, hours, links, mailboxes, reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.figures.heat import marks_of
from campaigns.figures.live import notes_of
from campaigns.models import Campaign
from common.figures import number, percent
from contacts.queries import Leaving, reasons_for_leaving
from delivery.checking import Counted, counted
from delivery.ledger import Ledger, ledger_of
from delivery.models import Mailing, Outcome
from delivery.reasons import Reason
from delivery.refusals import Advice, Cluster, advice, refusals_of
from feedback import queries as feedback
from feedback.rates import Counts, Rate, by_name, counts_of, rates_by_mailing, rates_from

_USUAL = 10  # campaigns a rate is compared with
_ANSWERING = timedelta(hours=24)  # most answers are in by then; before, every comparison would look like bad news


@dataclass(frozen=True, slots=True)
class ShownRate:
    """A rate as components/rates.html draws it, with its definition and who stands behind it."""

    rate: Rate
    note: str
    people: str  # the query of the people page
    trend: float | None  # against the mean of the campaigns before, in ratio; None where there was none
    is_better: bool | None

    @property
    def label(self) -> str:
        """A word for a narrow column; the rate's own label stands beside its definition."""
        return str(_LABELS[self.rate.name])

    @property
    def value(self) -> float | None:
        return self.rate.value


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Why messages were refused or left out."""

    reason: int
    word: str
    count: int
    advice: Advice


@dataclass(frozen=True, slots=True)
class Report:
    mailing: Mailing
    ledger: Ledger
    counted: Counted | None  # what the last nightly count said
    counts: Counts
    rates: list[ShownRate]
    compared: int  # how many campaigns the trends are against
    hours: list[feedback.Span]
    links: list[feedback.LinkRow]
    mailboxes: list[tuple[feedback.ProviderRow, dict[str, Rate]]]
    refused: list[ReasonRow]
    refusals: list[Cluster]
    skipped: list[ReasonRow]
    doubtful: list[ReasonRow]
    leaving: list[Leaving]

    @property
    def numbers(self) -> dict[str, Any]:
        """The ledger for components/ledger.html, with a note under each number."""
        return self.ledger.numbers() | {"notes": notes_of(self.mailing, self.ledger)}

    @property
    def equation(self) -> str:
        """50,916 planned = 46,800 + 214 + 3,902: every part that is not nought."""
        ledger = self.ledger
        parts = (ledger.accepted, ledger.refused, ledger.skipped, ledger.pending, ledger.sending, ledger.unknown)
        sides = " + ".join(number(part) for part in parts if part) or "0"
        return _("%(planned)s planned = %(sides)s") % {"planned": number(ledger.planned), "sides": sides}


def report_of(campaign: Campaign, mailing: Mailing, *, span: timedelta | None) -> Report:
    """`span` cuts the hours shown from the start; None shows them all. A fixed number of queries."""
    counts = counts_of([mailing.pk])
    usual = _usual(campaign)
    ledger = ledger_of(mailing.pk)
    return Report(
        mailing=mailing,
        ledger=ledger,
        counted=counted(mailing),
        counts=counts,
        rates=[_shown(rate, counts, usual) for rate in rates_from(counts) if rate.name in _PEOPLE],
        compared=max((len(values) for values in usual.values()), default=0),
        hours=_hours(mailing, span),
        links=feedback.links(mailing.pk),
        mailboxes=[(row, by_name(rates_from(row.counts))) for row in feedback.mailbox_providers([mailing.pk])],
        refused=_reasons(ledger, Outcome.State.REFUSED),
        refusals=refusals_of(mailing),
        skipped=_reasons(ledger, Outcome.State.SKIPPED),
        doubtful=_reasons(ledger, Outcome.State.UNKNOWN),
        leaving=reasons_for_leaving(mailing.pk),
    )


def marks_on_message(mailing: Mailing) -> dict[int, str]:
    """Where people clicked, as pins by link number."""
    return marks_of(feedback.links(mailing.pk), clickers=counts_of([mailing.pk]).clicked_count)


def _reasons(ledger: Ledger, state: int) -> list[ReasonRow]:
    return [
        ReasonRow(reason=reason, word=str(Reason(reason).label), count=count, advice=advice(reason))
        for reason, count in ledger.reasons.get(state, {}).items()
    ]


def _usual(campaign: Campaign) -> dict[str, list[float]]:
    """The rates of the last campaigns before this one, by name."""
    mailing = campaign.mailing
    if mailing is None or mailing.started_at is None or timezone.now() - mailing.started_at < _ANSWERING:
        return {}
    before = Campaign.objects.filter(
        mailing__started_at__lt=mailing.started_at,
        mailing__state=Mailing.State.FINISHED,
        mailing__provider__is_catcher=mailing.provider.is_catcher,
        is_sample=campaign.is_sample,
    )
    ids = list(before.order_by("-mailing__started_at").values_list("mailing", flat=True)[:_USUAL])
    found: dict[str, list[float]] = {}
    for rates in rates_by_mailing(ids).values() if ids else ():
        for rate in rates:
            if rate.value is not None:
                found.setdefault(rate.name, []).append(rate.value)
    return found


_LABELS = {
    "delivery": gettext_lazy("Delivery"),
    "bounce": gettext_lazy("Bounces"),
    "complaint": gettext_lazy("Complaints"),
    "open": gettext_lazy("Opens"),
    "click": gettext_lazy("Clicks"),
    "click_to_open": gettext_lazy("Clicks of openers"),
    "unsubscribe": gettext_lazy("Unsubscribes"),
}
# The people page behind each rate; the hard bounces are told in the note of the bounces.
_PEOPLE = {
    "delivery": "did=delivered",
    "bounce": "did=bounced",
    "complaint": "did=complained",
    "open": "did=opened",
    "click": "did=clicked",
    "click_to_open": "did=clicked",
    "unsubscribe": "did=unsubscribed",
}


def _shown(rate: Rate, counts: Counts, usual: dict[str, list[float]]) -> ShownRate:
    values, trend = usual.get(rate.name, []), None
    if values and rate.value is not None:
        trend = rate.value - sum(values) / len(values)
    # A tenth of a point is noise, not news.
    better = None if trend is None or abs(trend) < 0.001 else (trend > 0) == rate.is_better_high
    people = _PEOPLE[rate.name]
    if rate.name == "delivery" and counts.presumed_count and not counts.delivered_count:
        people = "did=presumed"
    return ShownRate(rate=rate, note=_note(rate, counts), people=people, trend=trend, is_better=better)


def _note(rate: Rate, counts: Counts) -> str:
    of = {
        "delivery": _("of %s accepted"),
        "bounce": _("of %s accepted"),
        "open": _("of %s who could be measured"),
        "click_to_open": _("of %s who opened"),
    }.get(rate.name, _("of %s delivered to")) % number(rate.denominator)
    if rate.name == "delivery" and rate.is_presumed:
        return _("%s; presumed: this provider confirms nothing") % of
    if rate.name == "bounce":
        return _("%(of)s; %(hard)s for good · limit %(limit)s") % {
            "of": of,
            "hard": number(counts.hard_bounce_count),
            "limit": percent(rate.limits[0]),
        }
    if rate.name == "complaint":
        return _("%(of)s · alarm at %(limit)s") % {"of": of, "limit": percent(rate.limits[0])}
    if rate.name == "unsubscribe" and counts.unsubscribed_count:
        return _("%(of)s; %(one_click)s by one click, %(link)s by the link") % {
            "of": of,
            "one_click": number(counts.one_click_count),
            "link": number(counts.unsubscribe_link_count),
        }
    if rate.name == "click" and rate.measurable < rate.denominator:
        return _("%(of)s; %(measurable)s could be measured") % {"of": of, "measurable": number(rate.measurable)}
    return of


def _hours(mailing: Mailing, span: timedelta | None) -> list[feedback.Span]:
    """Every hour from the first to the last, those without anything too, so that time is drawn to scale."""
    found = {row.start: row for row in feedback.hours([mailing.pk])}
    if not found:
        return []
    first, last = min(found), max(found)
    if span is not None:
        last = min(last, first + span)
    step = timedelta(hours=1)
    count = int((last - first) / step) + 1
    if count > 400:  # weeks: a point a day
        return _days(list(found.values()))
    return [found.get(at, feedback.Span(at, Counts())) for at in (first + step * n for n in range(count))]


def _days(rows: Sequence[feedback.Span]) -> list[feedback.Span]:
    days: dict[datetime, Counts] = {}
    for row in rows:
        day = timezone.localtime(row.start).replace(hour=0, minute=0, second=0, microsecond=0)
        known = days.get(day, Counts())
        days[day] = Counts(
            opened_count=known.opened_count + row.counts.opened_count,
            clicked_count=known.clicked_count + row.counts.clicked_count,
        )
    return [feedback.Span(day, counts) for day, counts in sorted(days.items())]
