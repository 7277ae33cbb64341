"""Limits of one account at one mailbox provider: what is known, and what a person says instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.models import User
from accounts.services import audit
from contacts.mailbox_providers import MAILBOX_PROVIDERS
from delivery.limits.defaults import Courtesy
from delivery.limits.limiter import courtesy_of, store_limits
from delivery.models import Limit, Provider

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Unit = Limit.Unit


@dataclass(frozen=True, slots=True)
class MailboxLimits:
    """One mailbox provider through one account. `own` by unit; `known` holds where `own` has nothing of that unit."""

    number: int
    name: "str | _StrPromise"
    known: Courtesy
    own: dict[int, int] = field(default_factory=dict)

    @property
    def is_limited(self) -> bool:
        return bool(self.own or self.known.connections or self.known.per_minute)

    @property
    def known_amounts(self) -> dict[int, int]:
        """What is known, by unit."""
        found = {int(Unit.CONNECTIONS): self.known.connections, int(Unit.MINUTE): self.known.per_minute}
        return {unit: amount for unit, amount in found.items() if amount}

    @property
    def shown(self) -> list[tuple[int | None, bool]]:
        """(amount, is our own) for each unit of a row, in the order of UNITS."""
        return [(self.own.get(unit) or self.known_amounts.get(unit), unit in self.own) for unit in UNITS]


UNITS = tuple(int(unit) for unit in (Unit.CONNECTIONS, Unit.SECOND, Unit.MINUTE, Unit.HOUR, Unit.DAY))


def mailbox_limits(provider: Provider) -> list[MailboxLimits]:
    """Every mailbox provider with what holds for it, those with a limit first; one statement."""
    own: dict[int, dict[int, int]] = {}
    for group, unit, amount in provider.limits.filter(mx_group__gte=0).values_list("mx_group", "unit", "amount"):
        own.setdefault(group, {})[unit] = amount
    rows = [
        MailboxLimits(known.number, known.name, courtesy_of(provider, known.number), own.get(known.number, {}))
        for known in MAILBOX_PROVIDERS
    ]
    return sorted(rows, key=lambda row: not row.is_limited)


def set_mailbox_limits(
    *, provider: Provider, mx_group: int, amounts: Mapping[int, int | None], user: User | None
) -> None:
    """Store a person's limits at one mailbox provider; None takes one away, so that what is known holds again."""
    with transaction.atomic():
        store_limits(provider, mx_group, amounts)
        said = {str(unit): amount for unit, amount in amounts.items()}
        audit(verb="provider.limits", target=f"provider:{provider.pk}", user=user, group=mx_group, amounts=said)
