"""Reads that shape the pages of alignment."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from deliverability.models import SendingDomain
from delivery.alignment.findings import Finding, Said, from_json, said_of
from delivery.models import Alignment, Provider
from delivery.models.alignments import KEPT

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

State = Alignment.State


@dataclass(frozen=True, slots=True)
class Standing:
    """A domain at an account in one word. `state`: ok, warn or bad."""

    row: Alignment
    state: str
    words: "str | _StrPromise"

    @property
    def is_covered(self) -> bool:
        return self.state == "ok"


@dataclass(frozen=True, slots=True)
class Line:
    """One record on a domain's page, and what to do about it."""

    finding: Finding
    said: Said


def standing_of(row: Alignment, *, now: datetime) -> Standing:
    """How fail-over reads it."""
    if row.is_proven(now=now):
        return Standing(row, "ok", _("seen in the DNS"))
    if row.is_claimed:
        return Standing(row, "ok", _("confirmed by hand"))
    if row.state == State.ALIGNED:
        return Standing(row, "warn", _("no answer for a week"))
    if row.state == State.REFUSED:
        return Standing(row, "bad", _("a record is missing"))
    if row.state == State.OPEN:
        return Standing(row, "warn", _("the DNS cannot tell"))
    return Standing(row, "warn", _("not looked up yet"))


def standings(providers: list[Provider], domains: list[SendingDomain], *, now: datetime) -> dict[int, list[Standing]]:
    """By account, in the order of `domains`; one statement."""
    rows = Alignment.objects.filter(provider__in=providers, domain__in=domains).select_related("confirmed_by")
    known = {(row.provider_id, row.domain_id): row for row in rows}
    found: dict[int, list[Standing]] = {provider.pk: [] for provider in providers}
    for provider in providers:
        for domain in domains:
            row = known.get((provider.pk, domain.pk)) or Alignment(provider=provider, domain=domain)
            row.provider, row.domain = provider, domain
            found[provider.pk].append(standing_of(row, now=now))
    return found


def rows_of(provider: Provider, domains: list[SendingDomain], *, now: datetime) -> list[Standing]:
    """The list of one account."""
    return standings([provider], domains, now=now)[provider.pk]


def covered_counts(*, now: datetime) -> dict[int, tuple[int, int, int]]:
    """(covered, not covered, all) of the sending domains at each account; one statement."""
    by_dns = Q(state=State.ALIGNED, answered_at__gt=now - KEPT)
    by_hand = Q(confirmed_at__isnull=False) & ~Q(state=State.REFUSED)
    rows = (
        Alignment.objects.order_by()
        .values_list("provider")
        .annotate(
            covered=Count("pk", filter=by_dns | by_hand),
            refused=Count("pk", filter=Q(state=State.REFUSED)),
            all=Count("pk"),
        )
    )
    return {provider: (covered, refused, total) for provider, covered, refused, total in rows}


def at_accounts(domain: SendingDomain, *, now: datetime) -> list[Standing]:
    """One domain at every account, as fail-over reads it."""
    providers = list(Provider.objects.filter(is_catcher=False).order_by("-is_default", "name"))
    found = standings(providers, [domain], now=now)
    return [found[provider.pk][0] for provider in providers]


def shown(row: Alignment, *, now: datetime) -> dict[str, object]:
    """Context of a domain's page at an account: what blocks first, what is good last."""
    provider = str(row.provider)
    lines = [Line(one, said_of(one, provider=provider)) for one in from_json(row.findings)]
    order = {"bad": 0, "open": 1, "warn": 2, "ok": 3}
    return {
        "row": row,
        "standing": standing_of(row, now=now),
        "lines": sorted(lines, key=lambda line: order[line.said.state]),
        "verdict": _verdict(row, now=now),
        "may_confirm": row.state != State.REFUSED,
    }


def _verdict(row: Alignment, *, now: datetime) -> Said:
    """What it means, in two sentences."""
    values = {"provider": row.provider, "domain": row.domain.name}
    if row.is_proven(now=now):
        title, text = _("%(provider)s may write for %(domain)s"), _("It takes over when another account cannot send.")
    elif row.is_claimed:
        title = _("Confirmed by hand")
        text = _("It takes over when another account cannot send. What the DNS says no to ends that.")
    elif row.state == State.REFUSED:
        title = _("%(provider)s may not write for %(domain)s yet")
        text = _("Mailbox providers would find no valid signature of your domain, and refuse the mail or call it spam.")
    elif row.state == State.ALIGNED:
        title, text = _("No name server has answered for a week"), _("Until one does, this account takes nothing over.")
    elif row.state == State.OPEN:
        title, text = _("The DNS cannot tell"), _("Say how it signs, or confirm by hand what you have seen to work.")
    else:
        title, text = _("Not looked up yet"), _("That happens by itself within a minute.")
    state = "bad" if row.state == State.REFUSED else standing_of(row, now=now).state
    return Said(state, title % values, text % values)
