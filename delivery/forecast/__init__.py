"""When a mailing will be through, and what decides: before it leaves (`of_order`) and while it does (`of_mailing`).

It takes in what is known: limits of accounts, streams and mailbox providers, what of today is used, warm-ups, the
rhythm that was asked for, waves, who waits before, and the speed that was measured. That somebody will slow us down,
refuse or fail is not foreseen.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from delivery.forecast import because
from delivery.forecast.ahead import ahead_of, queues_of
from delivery.forecast.bounds import Terms, bounds_of
from delivery.forecast.outlook import Because, Departure, Forecast, Key, Queue, Stretch, foresee
from delivery.forecast.words import end_in_words, in_a_sentence
from delivery.limits.quotas import has_warmups
from delivery.limits.waves import first_wave
from delivery.models import Mailing, Provider
from delivery.services.planning import Canary, MailingOrder, from_domain, stream_of
from delivery.streams import provider_for

__all__ = ["Because", "Forecast", "Stretch", "end_in_words", "in_a_sentence", "of_mailing", "of_order"]


def of_order(order: MailingOrder, *, people: Mapping[int, int], now: datetime) -> Forecast | None:
    """For `people` by number of mailbox provider, if the order were planned now; None without an account."""
    stream = stream_of(order)
    provider = order.provider or provider_for(stream)
    if provider is None:
        return None
    everybody = sum(people.values())
    queues = {(provider.pk, group): _cut(count, everybody, order.canary) for group, count in people.items() if count}
    departure = _departure(queues, at=max(now, order.starts_at), minutes=order.canary.minutes if order.canary else 0)
    domain = from_domain(order)
    terms = Terms(
        keys=frozenset(queues),
        providers=[provider],
        stream=stream,
        domain=domain if not stream.is_transactional else "",
        ahead=ahead_of(None),
        pace=everybody / order.pace.total_seconds() if order.pace else None,
        pace_for=order.pace or timedelta(0),
        quiet=order.quiet,
    )
    return foresee(departure, bounds_of(terms, now=now), now=now)


def of_mailing(mailing: Mailing, *, now: datetime, speed: float | None = None) -> Forecast | None:
    """For who is left of a mailing being sent or paused (then as if it went on now); None before all are frozen.

    `speed`: messages a second it was seen to make in the last minute.
    """
    if mailing.state not in (Mailing.State.SENDING, Mailing.State.PAUSED) or mailing.snapshot_done_at is None:
        return None
    queues, waiting = queues_of(mailing)
    is_held = mailing.is_transactional or not has_warmups(mailing=mailing, provider=mailing.provider)
    terms = Terms(
        keys=frozenset(queues),
        providers=list(Provider.objects.filter(pk__in={provider for provider, _ in queues})),
        stream=mailing.stream,
        domain="" if is_held else mailing.from_domain,
        ahead=ahead_of(mailing),
        pace=mailing.planned_count / mailing.pace_seconds if mailing.pace_seconds else None,
        pace_for=timedelta(seconds=mailing.pace_seconds or 0),
        quiet=(mailing.quiet_from, mailing.quiet_to) if mailing.quiet_from and mailing.quiet_to else None,
        speed=speed,
    )
    departure = _departure(queues, at=max(now, mailing.paused_until or now), minutes=mailing.canary_minutes)
    return foresee(departure, bounds_of(terms, now=now), now=now, waiting=waiting)


def _cut(count: int, everybody: int, canary: Canary | None) -> Queue:
    first = min(count, first_wave(count, of=everybody, size=canary.size)) if canary else count
    return Queue(first, count - first)


def _departure(queues: Mapping[Key, Queue], *, at: datetime, minutes: int) -> Departure:
    if not any(queue.later for queue in queues.values()):
        return Departure(queues, starts_at=at)
    return Departure(queues, starts_at=at, watch=timedelta(minutes=minutes), watched=because.watched(minutes))
