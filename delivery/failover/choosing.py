"""Through whom a mailing may leave, the first choice first, and why not through the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from delivery import alignment
from delivery.models import Alignment, Cause, Content, Detour, Mailing, Outage, Provider, Stream
from delivery.streams import providers_of

_WORST = (Alignment.State.REFUSED, Alignment.State.OPEN, Alignment.State.ALIGNED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An account of the stream that does not take over, and why, in words for people."""

    provider: Provider
    words: str


@dataclass(slots=True)
class Choice:
    """`target`: through whom the mailing leaves now (None: nobody can), `out` why its own account does not."""

    home: Provider
    target: Provider | None
    out: dict[int, Outage]


def choose(mailing: Mailing, *, now: datetime) -> Choice:
    """The first account of the mailing's stream that is well and may send in its name."""
    domains = domains_of(mailing)
    out = outages_for(domains)
    home = mailing.provider
    target = home if home.pk not in out else None
    if target is None:
        for provider in others_of(mailing):
            if provider.pk not in out and not alignment.uncovered(provider, domains, now=now):
                target = provider
                break
    return Choice(home, target, out)


def others_of(mailing: Mailing) -> list[Provider]:
    """Accounts that may take over. None for a mailing that is to leave through this one alone, and never the test
    inbox: what it takes reaches nobody."""
    return [] if mailing.is_pinned or mailing.stream is None else _but(mailing.stream, mailing.provider_id)


def _but(stream: Stream, provider_id: int) -> list[Provider]:
    found = providers_of(stream)
    return [provider for provider in found if provider.pk != provider_id and not provider.is_catcher]


def domains_of(mailing: Mailing) -> set[str]:
    """Of its From addresses."""
    senders = Content.objects.filter(mailing=mailing).values_list("sender_address", flat=True)
    return {sender.rpartition("@")[2].lower() for sender in senders}


def outages_for(domains: Iterable[str]) -> dict[int, Outage]:
    """Accounts that cannot send mail from these domains now, by number."""
    rows = Outage.objects.filter(ended_at=None, domain__in=["", *domains]).exclude(began_at=None).order_by("-began_at")
    return {row.provider_id: row for row in rows}


def refusals_of(mailing: Mailing, *, now: datetime) -> list[Refusal]:
    """Why no other account takes over while the mailing's own cannot send; [] where there is none, or one does."""
    choice = choose(mailing, now=now)
    if choice.target is not None:
        return []
    domains = domains_of(mailing)
    refusals = []
    for provider in others_of(mailing):
        if provider.pk in choice.out:
            words = str(Cause(choice.out[provider.pk].cause).label)
        else:
            words = _why_not(provider, domains, now)
        refusals.append(Refusal(provider, words))
    return refusals


def stand_ins(stream: Stream, provider: Provider, *, sender_address: str, now: datetime) -> list[Refusal]:
    """Before anything is planned: who would take over from `provider`; `words` say why not, empty where it would."""
    if provider.is_catcher:
        return []
    domains = {sender_address.rpartition("@")[2].lower()} - {""}
    return [Refusal(one, _why_not(one, domains, now)) for one in _but(stream, provider.pk)]


def _why_not(provider: Provider, domains: Iterable[str], now: datetime) -> str:
    """In words, "" where nothing is against it. The worst of several domains is named."""
    missing = alignment.uncovered(provider, domains, now=now)
    if not missing:
        return ""
    state = next((one for one in _WORST if one in missing.values()), Alignment.State.UNASKED)
    named = ", ".join(sorted(domain for domain, one in missing.items() if one == state))
    return {
        Alignment.State.REFUSED: _("a record it needs is missing in the DNS of %(domain)s"),
        Alignment.State.OPEN: _("the DNS cannot tell whether it may write for %(domain)s, and nobody has confirmed it"),
        Alignment.State.ALIGNED: _("no name server has answered for %(domain)s for a week"),
        Alignment.State.UNASKED: _("it was not looked up yet whether it may write for %(domain)s"),
    }[state] % {"domain": named}


def carriers_of(mailing: Mailing) -> list[Provider]:
    """The accounts a mailing left through so far, its own first."""
    found = {mailing.provider_id: mailing.provider}
    for detour in Detour.objects.filter(mailing=mailing).select_related("provider").order_by("began_at"):
        found.setdefault(detour.provider_id, detour.provider)
    return list(found.values())


def leaves_through(mailing: Mailing) -> int:
    """The account new batches of a mailing are given to: its own, or that of its detour."""
    detour = Detour.objects.filter(mailing=mailing, ended_at=None).values_list("provider_id", flat=True).first()
    return detour or mailing.provider_id
