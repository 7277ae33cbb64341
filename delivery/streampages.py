"""Reads that shape the pages of streams."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deliverability.models import SendingDomain
from delivery.alignment.pages import Standing, standings
from delivery.failover import open_outages
from delivery.models import Outage, Provider, Stream
from delivery.streams import providers_of

MOST_DOMAINS = 20  # of an account's row; a stream that names its domain shows that one


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream in the list."""

    stream: Stream
    providers: list[Provider]
    is_usual: bool  # it names none: the account used by default
    limits: list[str]
    out: set[int]  # its accounts that are out of order


def stream_rows() -> list[StreamRow]:
    """All streams, those of the installation first; four statements, however many there are."""
    found = Stream.objects.select_related("domain").prefetch_related("limits", "order__provider")
    out = {outage.provider_id for outage in open_outages() if not outage.domain}
    usual = list(Provider.objects.filter(is_default=True))
    return [
        StreamRow(
            stream=stream,
            providers=(named := [place.provider for place in stream.order.all()]) or usual,
            is_usual=not named,
            limits=[str(limit) for limit in sorted(stream.limits.all(), key=lambda limit: limit.unit)],
            out=out,
        )
        for stream in found.order_by("-is_default", "pk")
    ]


@dataclass(slots=True)
class Place:
    """One account in a stream's order, and how the sending domains stand there."""

    provider: Provider
    outage: Outage | None
    domains: list[Standing]
    is_first: bool

    @property
    def is_ready(self) -> bool:
        """Whether it takes over for all of them: asked of those that do, not of the first."""
        return self.is_first or all(one.is_covered for one in self.domains)


def places_of(stream: Stream, *, now: datetime) -> dict[str, Any]:
    """Context of a stream's page: its order, and who could be added."""
    named = [row.provider for row in stream.order.select_related("provider")]
    outages = {outage.provider_id: outage for outage in open_outages()}
    domains = [stream.domain] if stream.domain else list(SendingDomain.objects.order_by("name")[:MOST_DOMAINS])
    found = standings([provider for provider in named if not provider.is_catcher], domains, now=now)
    return {
        "places": [
            Place(provider, outages.get(provider.pk), found.get(provider.pk, []), is_first=number == 0)
            for number, provider in enumerate(named)
        ],
        "usual": None if named else next(iter(providers_of(stream)), None),
        "others": Provider.objects.exclude(pk__in=[provider.pk for provider in named]).order_by("name"),
    }
