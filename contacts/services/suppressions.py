"""Addresses that must not be mailed. Adding is anybody's fact; lifting is a person's decision, and leaves a trace."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from accounts.services import audit
from common.sql import load_sql
from contacts.models import Suppression


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


@transaction.atomic
def lift_suppression(*, suppression: Suppression, user: User | None) -> None:
    """Take an address off the list, with an audit entry. Subscriptions stay as they are."""
    audit(
        verb="suppression.lift",
        target=f"suppression:{suppression.pk}",
        user=user,
        address=suppression.address_key or "",
        reason=suppression.reason,
    )
    suppression.delete()
