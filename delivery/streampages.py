"""Reads that shape the pages of streams."""

from dataclasses import dataclass, field
from typing import Any

from deliverability.models import SendingDomain
from delivery.failover import open_outages
from delivery.failover.choosing import unaligned
from delivery.models import Alignment, Outage, Provider, Stream
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


@dataclass(frozen=True, slots=True)
class DomainAt:
    """Whether a sending domain is aligned at an account."""

    domain: SendingDomain
    is_aligned: bool
    confirmed: Alignment | None


@dataclass(slots=True)
class Place:
    """One account in a stream's order. Alignment is asked of those that take over, not of the first."""

    provider: Provider
    outage: Outage | None = None
    domains: list[DomainAt] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return all(one.is_aligned for one in self.domains)


def places_of(stream: Stream) -> dict[str, Any]:
    """Context of a stream's page: its order, and who could be added."""
    named = [row.provider for row in stream.order.select_related("provider")]
    outages = {outage.provider_id: outage for outage in open_outages()}
    domains = [stream.domain] if stream.domain else list(SendingDomain.objects.order_by("name")[:MOST_DOMAINS])
    places = [
        Place(
            provider,
            outages.get(provider.pk),
            [] if number == 0 or provider.is_catcher else _domains_at(provider, domains),
        )
        for number, provider in enumerate(named)
    ]
    return {
        "places": places,
        "usual": None if named else next(iter(providers_of(stream)), None),
        "others": Provider.objects.exclude(pk__in=[provider.pk for provider in named]).order_by("name"),
    }


def _domains_at(provider: Provider, domains: list[SendingDomain]) -> list[DomainAt]:
    known = {row.domain_id: row for row in Alignment.objects.filter(provider=provider).select_related("confirmed_by")}
    missing = set(unaligned(provider, {domain.name for domain in domains}))
    return [DomainAt(domain, domain.name not in missing, known.get(domain.pk)) for domain in domains]
