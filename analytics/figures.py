"""The rates of a period beside those of the period before, day by day. All from the hourly roll-ups, in one query."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from common.figures import number, percent
from feedback.queries import days as days_of
from feedback.rates import Counts, Rate, by_name, rates_from

PERIODS = (7, 30, 90)
_WEATHER = 0.1
SHOWN = ("delivery", "bounce", "complaint", "open", "click", "unsubscribe")


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate of the period. What components/rates.html draws, and what the table of definitions says."""

    rate: Rate
    label: str
    value: float | None
    note: str
    url: str
    trend: float | None  # ratio now − ratio of the period before
    is_better: bool | None
    values: list[float | None]  # the rate of the `days` days that end on each day of the period
    limit: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """One point of the charts, with the same day of the period before. Numbers of people."""

    on: date
    opened: int
    opened_before: int
    clicked: int
    clicked_before: int


@dataclass(frozen=True, slots=True)
class Period:
    """`days` days that end today, in the organisation's zone. `accepted` messages, `before` in the period before."""

    days: int
    accepted: int
    before: int
    figures: list[Figure]
    points: list[Day]

    @property
    def is_empty(self) -> bool:
        return not self.accepted

    @property
    def has_reactions(self) -> bool:
        """Whether there is anything to draw a curve of."""
        return any(
            point.opened or point.clicked or point.opened_before or point.clicked_before for point in self.points
        )


def period_of(*, days: int, now: datetime, zone: ZoneInfo, is_sample: bool | None) -> Period:
    """The figures of the last `days` days; `is_sample` keeps real and sample mailings apart, None takes all."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=2 * days - 1)
    spans = days_of(
        start=_midnight(first, zone), end=_midnight(today + timedelta(days=1), zone), zone=zone, is_sample=is_sample
    )
    found = {span.start.astimezone(zone).date(): span.counts for span in spans}
    daily = [found.get(first + timedelta(days=number), Counts()) for number in range(2 * days)]
    windows = [total(daily[start : start + days]) for start in range(days + 1)]
    return Period(
        days=days,
        accepted=windows[-1].accepted_count,
        before=windows[0].accepted_count,
        figures=_figures(windows),
        points=[
            Day(
                on=first + timedelta(days=days + number),
                opened=daily[days + number].opened_count,
                opened_before=daily[number].opened_count,
                clicked=daily[days + number].clicked_count,
                clicked_before=daily[number].clicked_count,
            )
            for number in range(days)
        ],
    )


def total(counts: Sequence[Counts]) -> Counts:
    """Counts taken together."""
    return Counts(**{field.name: sum(getattr(row, field.name) for row in counts) for field in fields(Counts)})


def _figures(windows: list[Counts]) -> list[Figure]:
    """One figure a rate; `windows` are the counts of the period before, then of each day's own period."""
    rated = [by_name(rates_from(counts)) for counts in windows]
    return [_figure([rates[name] for rates in rated], windows[-1]) for name in SHOWN]


def _figure(rates: list[Rate], counts: Counts) -> Figure:
    before, rate = rates[0], rates[-1]
    trend = None if rate.value is None or before.value is None else rate.value - before.value
    is_better = (trend > 0) == rate.is_better_high if trend and _matters(trend, rate) else None
    return Figure(
        rate=rate,
        label=_label(rate.name),
        value=rate.value,
        note=_note(rate, counts),
        url="#definitions",
        trend=trend,
        is_better=False if rate.alarm else is_better,
        values=[row.value for row in rates[1:]],
        limit=rate.limits[0] if rate.limits else None,
    )


def _matters(trend: float, rate: Rate) -> bool:
    """A change of less than a tenth of the rate, or of what is missing to all, is the weather."""
    value = rate.value or 0.0
    return abs(trend) >= _WEATHER * min(value, 1 - value)


def _label(name: str) -> str:
    """One word, where the full name of the rate would not fit."""
    return {
        "delivery": _("Delivery"),
        "bounce": _("Bounces"),
        "complaint": _("Complaints"),
        "open": _("Opens"),
        "click": _("Clicks"),
        "unsubscribe": _("Unsubscribes"),
    }[name]


def _note(rate: Rate, counts: Counts) -> str:
    """The denominator, the threshold, or how many could be measured: what a reader must know of this one."""
    if rate.name == "open":
        share = counts.open_measurable_count / counts.reached if counts.reached else None
        return _("%(share)s measurable") % {"share": percent(share, 0)} if share is not None else ""
    if rate.limits:
        return _("threshold %(limit)s") % {"limit": limit_words(rate)}
    if rate.name == "delivery" and rate.is_presumed:
        return _("of %(count)s, presumed") % {"count": number(rate.denominator)}
    return _("of %(count)s") % {"count": number(rate.denominator)}


def limit_words(rate: Rate) -> str:
    """The first threshold without noughts that say nothing: 2 %, 0.08 %."""
    exponent = (Decimal(str(rate.limits[0])) * 100).normalize().as_tuple().exponent
    return percent(rate.limits[0], max(0, -int(exponent)))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
