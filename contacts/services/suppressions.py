"""Addresses that must not be mailed. Adding is anybody's fact; lifting is a person's decision, and leaves a trace."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from common.sql import load_sql
from contacts.models import ContactList, Suppression


class LiftRefused(Exception):
    """Only an administrator takes a complaint back."""


def suppress(
    *,
    address_key: str,
    reason: Suppression.Reason | int,
    scope: Suppression.Scope | int,
    origin: str,
    at: datetime,
) -> None:
    """Never mail this address again, within `scope`. A second time changes nothing, but a complaint outranks."""
    suppress_all(address_keys=[address_key], reason=reason, scope=scope, origin=origin, at=at)


def suppress_all(
    *,
    address_keys: Sequence[str],
    reason: Suppression.Reason | int,
    scope: Suppression.Scope | int,
    origin: str,
    at: datetime,
) -> int:
    """The same for many, in one statement; returns how many rows were written."""
    if not address_keys:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("contacts", "suppress"),
            {
                "keys": sorted(set(address_keys)),
                "reason": int(reason),
                "scope": int(scope),
                "origin": origin[:200],
                "at": at,
                "complained": int(Suppression.Reason.COMPLAINED),
            },
        )
        return int(cursor.rowcount)


def suppress_on_list(
    *, address_key: str, contact_list: ContactList, reason: Suppression.Reason | int, origin: str, at: datetime
) -> None:
    """Never write to this address as a member of one list, whatever its subscription says. Twice is as once."""
    Suppression.objects.get_or_create(
        address_key=address_key,
        contact_list=contact_list,
        defaults={"scope": Suppression.Scope.LIST, "reason": reason, "origin": origin[:200], "created_at": at},
    )


def forbid_address(*, entered: Mapping[str, Any], user: User, at: datetime) -> None:
    """The team's ban, as SuppressionForm describes it: of everything, of campaigns, or of one list."""
    origin, reason = entered["origin"] or str(user), Suppression.Reason.MANUAL
    if entered["scope"] == Suppression.Scope.LIST:
        suppress_on_list(
            address_key=entered["address"],
            contact_list=entered["contact_list"],
            reason=reason,
            origin=origin,
            at=at,
        )
    else:
        suppress(address_key=entered["address"], reason=reason, scope=entered["scope"], origin=origin, at=at)


@transaction.atomic
def lift_suppression(*, suppression: Suppression, user: User | None) -> None:
    """Take an address off the list, with an audit entry. Subscriptions stay as they are.

    Raises LiftRefused when somebody who is no administrator would take back a complaint.
    """
    if suppression.reason == Suppression.Reason.COMPLAINED and not (user and user.is_active and user.is_staff):
        raise LiftRefused(_("This person complained. Only an administrator can take that back, and it leaves a trace."))
    audit(
        verb="suppression.lift",
        target=f"suppression:{suppression.pk}",
        user=user,
        address=suppression.address_key or "",
        reason=suppression.reason,
    )
    suppression.delete()
