"""Addresses that must not be mailed. Adding is anybody's fact; lifting is a person's decision, and leaves a trace."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from common.sql import load_sql
from contacts.addresses import fingerprint
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


def revive(key: str) -> None:
    """An erased person's address has a contact again, who must still confirm: its tombstones hold in words, too."""
    for row in Suppression.objects.filter(fingerprint=fingerprint(key)):
        suppress(address_key=key, reason=row.reason, scope=row.scope, origin="erasure", at=row.created_at)


def let_back(key: str) -> None:
    """The person themselves came back: their erasure is over. What else was known of the address holds again."""
    mine = Suppression.objects.filter(Q(fingerprint=fingerprint(key)) | Q(address_key=key))
    mine.filter(reason__in=(Suppression.Reason.ERASED, Suppression.Reason.INACTIVE)).delete()
    revive(key)


def forget_words(keys: Iterable[str]) -> None:
    """These addresses have no contact any more: of an erasure only the fingerprint stays."""
    Suppression.objects.filter(address_key__in=list(keys), reason=Suppression.Reason.ERASED).delete()


# What a person decided, or the team about a person: it goes with them to another address. A bounce speaks of a mailbox.
OF_A_PERSON = (
    Suppression.Reason.UNSUBSCRIBED,
    Suppression.Reason.COMPLAINED,
    Suppression.Reason.MANUAL,
    Suppression.Reason.ERASED,
)


@transaction.atomic
def carry_suppressions(*, old: str, new: str) -> None:
    """What the person of an address said no to holds at another address of theirs; both are address keys."""
    for row in Suppression.objects.filter(address_key=old, reason__in=OF_A_PERSON).select_related("contact_list"):
        if row.contact_list is not None:
            suppress_on_list(
                address_key=new,
                contact_list=row.contact_list,
                reason=row.reason,
                origin=row.origin,
                at=row.created_at,
            )
        else:
            suppress(address_key=new, reason=row.reason, scope=row.scope, origin=row.origin, at=row.created_at)


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
