"""How fast an account was seen to take mail."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Sum

from delivery.models import Brake, Mailing, Provider

_LATELY = timedelta(days=90)
_LOOKED_AT = 10  # mailings
_ENOUGH = 100  # people, of a mailing that says something about a speed
_KEPT = 300  # seconds
_BRAKES = Brake.objects.filter(mailing=OuterRef("pk"))


def speed_of(provider: Provider, *, now: datetime) -> float | None:
    """Messages a second in the fastest of its last mailings; None when none says anything. Kept for five minutes.

    Those spread over hours or resting at night are left out, the watching of a first wave is taken off.
    """
    key = f"delivery:speed:{provider.pk}"
    kept: float | None = cache.get(key)
    if kept is None:
        kept = _look(provider, now)
        cache.set(key, kept, _KEPT)
    return kept or None


def _look(provider: Provider, now: datetime) -> float:
    """Nought when nothing is known."""
    finished = Mailing.objects.filter(
        provider=provider, state=Mailing.State.FINISHED, is_test=False, is_sample=False, standing=None,
        pace_seconds=None, quiet_from=None, planned_count__gte=_ENOUGH, finished_at__gte=now - _LATELY,
    )  # fmt: skip
    last = list(finished.order_by("-finished_at").values_list("pk", flat=True)[:_LOOKED_AT])
    rows = (
        Mailing.objects.filter(pk__in=last)
        .annotate(tried=Sum(F("batches__accepted_count") + F("batches__refused_count")), has_waves=Exists(_BRAKES))
        .values_list("tried", "started_at", "finished_at", "has_waves", "canary_minutes")
    )
    return max((_speed(*row) for row in rows), default=0)


def _speed(
    tried: int | None, started: datetime | None, finished: datetime | None, has_waves: bool, minutes: int
) -> float:
    if not tried or tried < _ENOUGH or started is None or finished is None:
        return 0
    took = finished - started - timedelta(minutes=minutes if has_waves else 0)
    return tried / max(1, took.total_seconds())
