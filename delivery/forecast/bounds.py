"""Every limit that will hold for a departure, as lines of capacity with the words that say so.

The same rows and tables of data by which windows are granted (limits/limiter.py), read for all mailbox providers at
once: a fixed number of statements for an account.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from accounts.services import organisation
from deliverability.models import WarmupPlan
from deliverability.warmup.days import covered, used
from delivery.forecast import because
from delivery.forecast.ahead import Ahead
from delivery.forecast.capacity import Line, resting, steady, stepped
from delivery.forecast.outlook import Bound, Key
from delivery.forecast.speed import speed_of
from delivery.limits.governor import GOOD, PER_MINUTE
from delivery.limits.limiter import courtesy_of, rooms
from delivery.limits.room import is_kept, kept_of_day
from delivery.models import DailyCount, Limit, Pace, Provider, Stream, StreamDay, StreamLimit
from delivery.models.limits import EVERYBODY

Unit = Limit.Unit


@dataclass(frozen=True, slots=True)
class Terms:
    """How something leaves. `pace`: messages a second it is spread to; `speed`: measured, of this very mailing."""

    keys: frozenset[Key]
    providers: list[Provider]
    stream: Stream | None
    domain: str  # whose warm-ups hold it; "" = none does
    ahead: Ahead
    pace: float | None = None
    pace_for: timedelta = timedelta(0)
    quiet: tuple[time, time] | None = None
    speed: float | None = None

    def at(self, provider: int, group: int = EVERYBODY) -> frozenset[Key]:
        return frozenset(key for key in self.keys if key[0] == provider and group in (EVERYBODY, key[1]))


def bounds_of(terms: Terms, *, now: datetime) -> list[Bound]:
    """Those that hold for somebody."""
    found = [
        *_own(terms),
        *_stream(terms, now),
        *_warmups(terms, now),
        *_accounts(terms, now),
        *_paces(terms, now),
        *_speeds(terms, now),
    ]
    return [bound for bound in found if bound.covers]


def _own(terms: Terms) -> Iterator[Bound]:
    if terms.pace:
        yield Bound(steady(terms.pace), terms.keys, because.pace(terms.pace_for))
    if terms.quiet:
        start, stop = terms.quiet
        yield Bound(resting(start, stop, organisation().zone), terms.keys, because.quiet(start, stop))


def _stream(terms: Terms, now: datetime) -> Iterator[Bound]:
    limits = list(StreamLimit.objects.filter(stream=terms.stream)) if terms.stream else []
    gone = 0
    if any(limit.unit == StreamLimit.Unit.DAY for limit in limits):
        today = StreamDay.objects.filter(stream=terms.stream, on=now.astimezone(UTC).date())
        gone = today.values_list("reserved_count", flat=True).first() or 0
    for limit in limits:
        line = _line(limit.unit, limit.amount, gone)
        ahead = terms.ahead(lambda one: terms.stream is not None and one.stream == terms.stream.pk)
        yield Bound(line, terms.keys, because.stream(limit), ahead)


def _line(unit: int, amount: int, used_today: int) -> Line:
    if unit == Unit.DAY:
        return Line(day=lambda _day: amount, used=used_today)
    return steady(amount / unit)


def _warmups(terms: Terms, now: datetime) -> Iterator[Bound]:
    if not terms.domain:
        return
    plans = covered(domain=terms.domain)
    gone = used(list(plans.values()), today=now.astimezone(UTC).date()) if plans else {}
    open_accounts = {provider.pk for provider in terms.providers if not provider.is_catcher}
    for plan in {plan.pk: plan for plan in plans.values()}.values():
        groups = {group for group, held_by in plans.items() if held_by.pk == plan.pk}
        covers = frozenset(key for key in terms.keys if key[0] in open_accounts and key[1] in groups)
        ahead = terms.ahead(lambda one, groups=groups: one.domain == terms.domain and one.group in groups)  # type: ignore[misc]
        yield Bound(Line(day=Ceilings(plan), used=gone.get(plan.pk, 0)), covers, because.warmup(plan), ahead)


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Messages a day from today on, as if each day goes well: a kept step stays, after the last there is no ceiling."""

    plan: WarmupPlan

    def __call__(self, day: int) -> int | None:
        step = self.plan.step if self.plan.is_kept else self.plan.step + day
        return int(self.plan.ceilings[step]) if step < self.plan.length else None


def _accounts(terms: Terms, now: datetime) -> Iterator[Bound]:
    limits = list(Limit.objects.filter(provider__in=terms.providers).exclude(unit=Unit.CONNECTIONS))
    days = any(limit.unit == Unit.DAY for limit in limits)
    today = DailyCount.objects.filter(provider__in=terms.providers, on=now.astimezone(UTC).date())
    gone = {(row.provider_id, row.mx_group): row.reserved_count for row in today} if days else {}
    is_urgent = terms.stream is not None and terms.stream.is_urgent
    for provider in terms.providers:
        mine = [limit for limit in limits if limit.provider_id == provider.pk]
        leaves_room = not is_urgent and any(limit.unit == Unit.DAY for limit in mine) and is_kept(provider.pk)
        for limit in mine:
            amount = limit.amount - (kept_of_day(limit) if leaves_room and limit.unit == Unit.DAY else 0)
            line = _line(limit.unit, amount, gone.get((provider.pk, limit.mx_group), 0))
            yield _bound(terms, line, provider.pk, limit.mx_group, because.account(provider, limit))
        with_own = {limit.mx_group for limit in mine if limit.unit == Unit.MINUTE}
        for group in {group for _, group in terms.at(provider.pk)} - with_own:
            if most := courtesy_of(provider, group).per_minute:
                yield _bound(terms, steady(most / 60), provider.pk, group, because.courtesy(provider, group, most))


def _bound(terms: Terms, line: Line, provider: int, group: int, why: because.Because) -> Bound:
    """What holds at one account, for all or for one mailbox provider."""
    ahead = terms.ahead(lambda one: one.provider == provider and group in (EVERYBODY, one.group))
    return Bound(line, terms.at(provider, group), why, ahead)


def _paces(terms: Terms, now: datetime) -> Iterator[Bound]:
    """The governor's present step and rest; each good quarter of an hour is a step back."""
    for pace in Pace.objects.filter(provider__in=terms.providers).order_by("provider", "mx_group"):
        steps: list[tuple[datetime, float]] = []
        if pace.rest_until is not None and pace.rest_until > now:
            steps.append((pace.rest_until, 0))
        end = pace.bad_at
        for step in range(pace.step, 0, -1):
            end = max(end + GOOD, now)
            steps.append((max(end, pace.rest_until or end), PER_MINUTE[step] / 60))
        if steps:
            yield _bound(terms, stepped(steps), pace.provider_id, pace.mx_group, because.governor(pace))


def _speeds(terms: Terms, now: datetime) -> Iterator[Bound]:
    """Measured: what this mailing did in the last minute, else what its account did lately, by its connections."""
    if terms.speed:
        yield Bound(steady(terms.speed), terms.keys, because.own_speed(terms.speed), is_measured=True)
        return
    for provider in terms.providers:
        speed = speed_of(provider, now=now)
        if speed is None:
            continue
        ahead = terms.ahead(lambda one, pk=provider.pk: one.provider == pk)  # type: ignore[misc]
        yield Bound(steady(speed), terms.at(provider.pk), because.speed(provider, speed), ahead, is_measured=True)
        for group, most in rooms(provider).items():
            if most < provider.connection_count:
                share = steady(speed * most / provider.connection_count)
                yield _bound(terms, share, provider.pk, group, because.connections(provider, group, most))
