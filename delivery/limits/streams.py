"""Limits of a stream: rates beside the account's in Redis, the day counted in PostgreSQL."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from delivery.limits.buckets import Bucket
from delivery.limits.days import until_tomorrow
from delivery.models import Mailing, StreamDay, StreamLimit


@dataclass(slots=True)
class StreamQuota:
    """A stream's messages of a day; as limits.quotas.Quota."""

    limit: StreamLimit
    _on: date | None = None

    def reserve(self, want: int, *, now: datetime) -> int:
        self._on = now.date()
        with transaction.atomic():
            row, _ = StreamDay.objects.select_for_update().get_or_create(
                stream_id=self.limit.stream_id, on=self._on, defaults={"reserved_count": 0}
            )
            granted = max(0, min(want, self.limit.amount - row.reserved_count))
            if granted:
                StreamDay.objects.filter(pk=row.pk).update(reserved_count=F("reserved_count") + granted)
        return granted

    def give_back(self, count: int) -> None:
        if self._on is not None and count > 0:
            row = StreamDay.objects.filter(stream=self.limit.stream_id, on=self._on)
            row.update(reserved_count=Greatest(F("reserved_count") - count, 0))

    def wait(self, now: datetime) -> timedelta:
        return until_tomorrow(now)

    def for_batch(self, batch_id: int) -> "StreamQuota":
        return StreamQuota(self.limit)


def limits_of(mailing: Mailing) -> tuple[list[StreamQuota], list[Bucket]]:
    """What its stream says of one mailing: of the day, and rates. Tests are not held up by it."""
    if mailing.stream_id is None or mailing.is_test:
        return [], []
    rows = list(StreamLimit.objects.filter(stream=mailing.stream_id))
    quotas = [StreamQuota(row) for row in rows if row.unit == StreamLimit.Unit.DAY]
    return quotas, [
        Bucket(f"stream:{row.stream_id}:{row.unit}", row.amount, timedelta(seconds=row.unit))
        for row in rows
        if row.unit != StreamLimit.Unit.DAY
    ]


def is_used_up(mailing: Mailing, *, now: datetime) -> StreamLimit | None:
    """The stream's limit of a day, when today's is gone."""
    limit = StreamLimit.objects.filter(stream=mailing.stream_id, unit=StreamLimit.Unit.DAY).first()
    if limit is None:
        return None
    gone = StreamDay.objects.filter(stream=limit.stream_id, on=now.date(), reserved_count__gte=limit.amount)
    return limit if gone.exists() else None
