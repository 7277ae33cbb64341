"""People who wait already: in the mailing that is looked at, and in those that began before it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from delivery.forecast.outlook import Key, Queue
from delivery.models import Batch, Brake, Mailing

_LEFT = (
    F("last_id") - F("first_id") + 1
    - F("accepted_count") - F("refused_count") - F("skipped_count") - F("unknown_count")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """People of others at one account and mailbox provider."""

    provider: int
    group: int
    stream: int | None
    domain: str
    people: int


Ahead = Callable[[Callable[[Waiting], bool]], int]


def ahead_of(mailing: Mailing | None) -> Ahead:
    """Counts those who wait in mailings that are being sent, and began before this one; one statement.

    Not those of a share that was stopped, nor of a paused mailing: nobody knows when they leave.
    """
    stopped = Brake.objects.filter(
        mailing=OuterRef("mailing"), mx_group=OuterRef("mx_group"), state__in=[Brake.State.STOPPED, Brake.State.DROPPED]
    )
    others = _open(Q(mailing__state=Mailing.State.SENDING, mailing__is_test=False)).filter(~Exists(stopped))
    if mailing is not None:
        others = others.exclude(mailing=mailing)
        if mailing.started_at is not None:
            others = others.filter(mailing__started_at__lte=mailing.started_at)
    rows = others.values_list("provider_id", "mx_group", "mailing__stream_id", "mailing__from_domain")
    found = [Waiting(*row) for row in rows.annotate(people=Sum(_LEFT)).order_by()]
    return lambda counts: sum(one.people for one in found if counts(one))


def queues_of(mailing: Mailing) -> tuple[dict[Key, Queue], int]:
    """Who is left of a mailing, and how many of them wait for a person's decision; two statements."""
    brakes = {brake.mx_group: brake for brake in Brake.objects.filter(mailing=mailing)}
    rows = _open(Q(mailing=mailing)).values_list("provider_id", "mx_group", "wave").annotate(people=Sum(_LEFT))
    queues: dict[Key, Queue] = {}
    waiting = 0
    for provider, group, wave, people in rows.order_by():
        brake = brakes.get(group)
        if brake is not None and brake.state in (Brake.State.STOPPED, Brake.State.DROPPED):
            waiting += people if brake.state == Brake.State.STOPPED else 0
            continue
        is_watched = brake is not None and brake.state == Brake.State.WATCHING
        before = queues.get((provider, group), Queue(0))
        end = brake.wave_done_at + timedelta(minutes=mailing.canary_minutes) if brake and brake.wave_done_at else None
        if is_watched and wave:
            queues[provider, group] = Queue(before.first, before.later + people, end)
        else:
            queues[provider, group] = Queue(before.first + people, before.later, before.released_at)
    return {key: queue for key, queue in queues.items() if queue.first + queue.later}, waiting


def _open(condition: Q) -> "QuerySet[Batch]":
    return Batch.objects.filter(condition, state__in=[Batch.State.PENDING, Batch.State.CLAIMED])
