"""Why something of a mailing does not move, and until when: nothing is slowed or paused without a line here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.figures import number, percent
from contacts.mailbox_providers import BY_NUMBER
from deliverability.warmup.days import covered, used
from delivery import failover
from delivery.limits.days import until_tomorrow, used_today
from delivery.limits.governor import PER_MINUTE
from delivery.limits.quotas import has_warmups
from delivery.limits.room import open_to
from delivery.limits.streams import is_used_up
from delivery.models import Batch, Brake, Detour, Limit, Mailing, Pace
from delivery.models.limits import EVERYBODY
from delivery.own_words import said
from delivery.queries import pause_words
from delivery.refusals import explain_account

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason. `who`: the mailbox provider it is about, empty for all. `until` None: a person decides, or no end."""

    title: str
    words: str = ""
    who: "str | _StrPromise" = ""
    until: datetime | None = None
    is_stopped: bool = True  # nothing moves; else only slower
    share: int | None = None  # a person may let this mailbox provider's share (EVERYBODY: first waves) leave anyway
    may_give_up: bool = False


def holds_of(mailing: Mailing, *, now: datetime) -> list[Hold]:
    """What holds back a mailing being sent or paused: a handful of rows, eight statements at most."""
    if mailing.state not in (Mailing.State.SENDING, Mailing.State.PAUSED):
        return []
    return _folded(
        [
            *_own(mailing, now),
            *_detours(mailing, now),
            *_brakes(mailing),
            *_account(mailing, now),
            *_stream(mailing, now),
            *_warmups(mailing, now),
            *_paces(mailing, now),
        ]
    )


def _folded(holds: list[Hold]) -> list[Hold]:
    """What says the same of several mailbox providers, once; a decision stays with its own."""
    found: dict[object, Hold] = {}
    for hold in holds:
        minute = hold.until and hold.until.replace(second=0, microsecond=0)
        same = (hold.title, hold.words, minute, hold.is_stopped, hold.share)
        first = found.get(same)
        found[same] = hold if first is None else replace(first, who=f"{first.who} · {hold.who}")
    return list(found.values())


def _own(mailing: Mailing, now: datetime) -> Iterator[Hold]:
    is_resting = mailing.paused_until is not None and mailing.paused_until > now
    if mailing.state == Mailing.State.PAUSED:
        yield Hold(_("Paused until somebody resumes it"), _with_next_step(mailing))
    elif is_resting:
        yield Hold(_("Waiting"), pause_words(mailing), until=mailing.paused_until)
    if mailing.pace_seconds and mailing.started_at:
        end = mailing.started_at + timedelta(seconds=mailing.pace_seconds)
        if end > now:
            yield Hold(_("Sent evenly, as asked"), until=end, is_stopped=False)


def _with_next_step(mailing: Mailing) -> str:
    """What the server said, after what it means and what to do, where it is about the account."""
    words = pause_words(mailing)
    cause = explain_account(mailing.pause_reason, kind=mailing.provider.kind) if words else None
    return f"{cause.title}. {cause.next} {words}" if cause else words


def _brakes(mailing: Mailing) -> Iterator[Hold]:
    """Shares that a person must decide about, shares that were slowed, and what waits for its first wave."""
    watched, slowed = [], []
    for brake in Brake.objects.filter(mailing=mailing).order_by("-state", "mx_group"):
        who = BY_NUMBER[brake.mx_group].name
        if brake.state == Brake.State.STOPPED:
            yield Hold(_("Stopped: you decide"), said_of(brake), who, share=brake.mx_group, may_give_up=True)
        elif brake.state == Brake.State.SLOWED:
            slowed.append(brake)
        elif brake.state == Brake.State.WATCHING:
            watched.append(brake)
    for alike in by_limit(slowed):
        who = BY_NUMBER[alike[0].mx_group].name if len(alike) == 1 else ""
        yield Hold(_("Slowed by what comes back"), said_of(*alike), who, is_stopped=False)
    if watched:
        ends = [brake.wave_done_at and brake.wave_done_at + _watch_of(mailing) for brake in watched]
        known = [end for end in ends if end is not None]
        names = " · ".join(str(BY_NUMBER[brake.mx_group].name) for brake in watched)
        words = _("A first wave has left to: %(names)s. The rest follows when nothing bad comes back.")
        until = max(known) if len(known) == len(ends) else None
        yield Hold(_("The first wave is watched"), words % {"names": names}, until=until, share=EVERYBODY)


def _watch_of(mailing: Mailing) -> timedelta:
    return timedelta(minutes=mailing.canary_minutes)


def by_limit(brakes: Iterable[Brake]) -> list[list[Brake]]:
    """Those that crossed the same limit side by side, for `said_of`."""
    found = dict[tuple[int | None, float | None], list[Brake]]()
    for brake in brakes:
        found.setdefault((brake.kind, brake.limit), []).append(brake)
    return list(found.values())


def said_of(brake: Brake, *alike: Brake) -> str:
    """What a brake found, as a sentence; empty when it found nothing. With others of the same limit: who found what."""
    words = {
        Brake.Kind.HARD_BOUNCES: _("%(value)s dead addresses; the limit is %(limit)s."),
        Brake.Kind.COMPLAINTS: _("%(value)s complaints; the limit is %(limit)s."),
        Brake.Kind.DEFERRALS: _("%(value)s asked us to come back later; the limit is %(limit)s."),
        Brake.Kind.REFUSALS: _("%(value)s refused; the limit is %(limit)s."),
    }
    if brake.kind is None:
        return ""
    value = percent(brake.value)
    if alike:
        value = " · ".join(f"{BY_NUMBER[one.mx_group].name} {percent(one.value)}" for one in (brake, *alike))
    return words[Brake.Kind(brake.kind)] % {"value": value, "limit": percent(brake.limit, 1)}


def _account(mailing: Mailing, now: datetime) -> Iterator[Hold]:
    for limit in Limit.objects.filter(provider__in=_open_accounts(mailing), unit=Limit.Unit.DAY):
        if used_today(limit, now=now) >= open_to(mailing, limit):
            words = _("%(amount)d messages a day are allowed through this account.") % {"amount": limit.amount}
            who = "" if limit.mx_group == EVERYBODY else BY_NUMBER[limit.mx_group].name
            yield Hold(_("Today's quota is used up"), words, who, until=now + until_tomorrow(now))


def _stream(mailing: Mailing, now: datetime) -> Iterator[Hold]:
    limit = is_used_up(mailing, now=now) if mailing.stream_id else None
    if limit is not None:
        words = _("%(amount)d messages a day are allowed by the stream “%(stream)s”.")
        said = words % {"amount": limit.amount, "stream": mailing.stream}
        yield Hold(_("Today's quota is used up"), said, until=now + until_tomorrow(now))


def _warmups(mailing: Mailing, now: datetime) -> Iterator[Hold]:
    """Ceilings of today where this mailing still has people: a line each once used up, one for the others."""
    if mailing.is_transactional or not has_warmups(mailing=mailing, provider=mailing.provider):
        return
    plans = covered(domain=mailing.from_domain)
    held = {plans[group].pk: plans[group] for group in _open_groups(mailing) if group in plans}
    gone = used(list(held.values()), today=now.astimezone(UTC).date())
    room = []
    for plan in sorted(held.values(), key=lambda plan: plan.mx_group):
        if gone.get(plan.pk, 0) >= plan.ceiling:
            title = _("Warm-up: today's ceiling of %(count)s is reached") % {"count": number(plan.ceiling)}
            said = _("Day %(day)d of %(days)d.") % {"day": plan.number, "days": plan.length}
            yield Hold(title, said, plan.who, until=now + until_tomorrow(now))
        else:
            room.append(f"{plan.who} {number(plan.ceiling)}")
    if room:
        said = _("At most so many today: %(list)s. Who clicked or joined lately leaves first.")
        title = _("%(domain)s is warming up") % {"domain": mailing.from_domain}
        yield Hold(title, said % {"list": ", ".join(room)}, is_stopped=False)


def _open_groups(mailing: Mailing) -> set[int]:
    """Mailbox providers where somebody of a mailing still waits."""
    open_batches = Batch.objects.filter(mailing=mailing, state__in=[Batch.State.PENDING, Batch.State.CLAIMED])
    return set(open_batches.values_list("mx_group", flat=True).distinct())


def _open_accounts(mailing: Mailing) -> set[int]:
    """Accounts somebody of a mailing still leaves through; its own, while nobody is cut into batches yet."""
    open_batches = Batch.objects.filter(mailing=mailing, state__in=[Batch.State.PENDING, Batch.State.CLAIMED])
    return set(open_batches.values_list("provider_id", flat=True).distinct()) or {mailing.provider_id}


def _when(at: datetime, now: datetime) -> str:
    """The time of day, with its day where it is another one."""
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    return date_format(local, "TIME_FORMAT" if local.date() == today else "SHORT_DATETIME_FORMAT")


def _detours(mailing: Mailing, now: datetime) -> Iterator[Hold]:
    """Through whom it leaves instead, or why nobody takes over."""
    detour = Detour.objects.filter(mailing=mailing, ended_at=None).select_related("provider").first()
    if detour is not None:
        title = _("Leaves through %(provider)s since %(since)s") % {
            "provider": detour.provider,
            "since": _when(detour.began_at, now),
        }
        words = _("%(provider)s: %(cause)s.") % {"provider": mailing.provider, "cause": detour.get_cause_display()}
        yield Hold(title, f"{words} {said(detour.words)}".strip(), is_stopped=False)
        return
    for refusal in failover.refusals_of(mailing, now=now):
        yield Hold(_("%(provider)s does not take over") % {"provider": refusal.provider}, refusal.words)


def _paces(mailing: Mailing, now: datetime) -> Iterator[Hold]:
    """Mailbox providers the governor is careful with, as far as this mailing still has people there."""
    groups = {*_open_groups(mailing), EVERYBODY}
    paces = Pace.objects.filter(provider__in=_open_accounts(mailing), mx_group__in=groups).select_related("provider")
    for pace in paces.order_by("mx_group", "provider"):
        is_resting = pace.rest_until is not None and pace.rest_until > now
        if is_resting and pace.mx_group == EVERYBODY:
            yield _account_rests(pace)
            continue
        who = "" if pace.mx_group == EVERYBODY else BY_NUMBER[pace.mx_group].name
        if is_resting:
            yield Hold(_("Asked us to wait"), pace.reason, who, until=pace.rest_until)
        elif pace.step > 0:
            title = _("Slowed to %(rate)d messages a minute") % {"rate": PER_MINUTE[pace.step]}
            yield Hold(title, pace.reason, who, until=pace.bad_at + timedelta(minutes=15), is_stopped=False)


def _account_rests(pace: Pace) -> Hold:
    """The whole account waits: its quota, or its rate, is used up."""
    cause = explain_account(pace.reason, kind=pace.provider.kind)
    title = _("%(provider)s: %(cause)s") % {
        "provider": pace.provider,
        "cause": cause.title if cause else _("Asked us to wait"),
    }
    return Hold(title, f"{cause.next if cause else ''} {pace.reason}".strip(), until=pace.rest_until)
