"""What a bulk change does to a block of people: a statement or two, whatever their number (erasing excepted)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from common.sql import load_sql
from contacts.models import BulkChange, Contact, ContactField, ContactList, ContactTag, Suppression, Tag
from contacts.services import erase_contact, suppress_all

_Action = BulkChange.Action


class ActRefused(ValueError):
    """What the change was about is gone; the message says so, in the active language."""


@dataclass(frozen=True, slots=True)
class Done:
    """Of one block."""

    changed: int
    kept_out: int = 0


@dataclass(frozen=True, slots=True)
class Act:
    """`block`: how many people a transaction changes. `finish` is called after the last of them."""

    make: Callable[[BulkChange, Sequence[int], datetime], Done]
    block: int = 5_000
    finish: Callable[[BulkChange], None] = lambda _change: None


def _tag(change: BulkChange, ids: Sequence[int], _at: datetime) -> Done:
    # Held until the transaction ends, so that the tag cannot go meanwhile.
    if not Tag.objects.select_for_update(no_key=True).filter(pk=change.terms["tag"]).exists():
        raise ActRefused(_("The tag was deleted meanwhile."))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_contacttag (tag_id, contact_id)"
            " select %s, c.id from contacts_contact c where c.id = any(%s) order by c.id on conflict do nothing",
            (change.terms["tag"], list(ids)),
        )
        return Done(cursor.rowcount)


def _untag(change: BulkChange, ids: Sequence[int], _at: datetime) -> Done:
    gone, _by_model = ContactTag.objects.filter(tag=change.terms["tag"], contact__in=ids).delete()
    return Done(gone)


def _subscribe(change: BulkChange, ids: Sequence[int], _at: datetime) -> Done:
    number = _held_list(change)
    terms = {"ids": list(ids), "list": number, "statement": change.terms["statement"]}
    joined = _count("bulk_subscribe", terms)
    on_it = Contact.objects.filter(pk__in=ids).on_list(number).count()
    return Done(joined, kept_out=len(ids) - on_it)


def _unsubscribe(change: BulkChange, ids: Sequence[int], at: datetime) -> Done:
    terms = {"ids": list(ids), "list": _held_list(change), "statement": change.terms["statement"], "at": at}
    return Done(_count("bulk_unsubscribe", terms))


def _held_list(change: BulkChange) -> int:
    number = int(change.terms["list"])
    if not ContactList.objects.select_for_update(no_key=True).filter(pk=number).exists():
        raise ActRefused(_("The list was deleted meanwhile."))
    return number


def _suppress(change: BulkChange, ids: Sequence[int], at: datetime) -> Done:
    keys = list(Contact.objects.filter(pk__in=ids).values_list("address_key", flat=True))
    known = Suppression.objects.filter(address_key__in=keys, scope=Suppression.Scope.ALL).count()
    suppress_all(
        address_keys=keys,
        reason=Suppression.Reason.MANUAL,
        scope=Suppression.Scope.ALL,
        origin=str(change.user or ""),
        at=at,
    )
    return Done(len(keys) - known)


def _set_field(change: BulkChange, ids: Sequence[int], _at: datetime) -> Done:
    key = str(_field(change).pk)
    value = json.dumps(change.terms["value"])
    with connection.cursor() as cursor:
        cursor.execute(
            "update contacts_contact set fields = fields || jsonb_build_object(%s::text, %s::jsonb), updated_at = now()"
            " where id = any(%s) and fields -> %s is distinct from %s::jsonb",
            (key, value, list(ids), key, value),
        )
        return Done(cursor.rowcount)


def _clear_field(change: BulkChange, ids: Sequence[int], _at: datetime) -> Done:
    key = str(_field(change).pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "update contacts_contact set fields = fields - %s::text, updated_at = now()"
            " where id = any(%s) and fields -> %s is not null",
            (key, list(ids), key),
        )
        return Done(cursor.rowcount)


def _field(change: BulkChange) -> ContactField:
    found = ContactField.objects.filter(pk=change.terms["field"]).first()
    if found is None:
        raise ActRefused(_("The field was deleted meanwhile."))
    return found


def _drop_field(change: BulkChange) -> None:
    """The field itself, after its last value, where that was asked for."""
    if change.terms.get("drop"):
        ContactField.objects.filter(pk=change.terms["field"], archived_at__isnull=False).delete()


def _erase(change: BulkChange, ids: Sequence[int], at: datetime) -> Done:
    # Every floor forgets a person in its own way: one at a time, as when it is done by hand.
    for contact in Contact.objects.filter(pk__in=ids).order_by("pk"):
        erase_contact(contact=contact, at=at, user=change.user)
    return Done(len(ids))


def _count(statement: str, terms: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(load_sql("contacts", statement), terms)
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


ACTS: dict[BulkChange.Action, Act] = {
    _Action.TAG: Act(_tag),
    _Action.UNTAG: Act(_untag),
    _Action.SUBSCRIBE: Act(_subscribe),
    _Action.UNSUBSCRIBE: Act(_unsubscribe),
    _Action.SUPPRESS: Act(_suppress),
    _Action.SET_FIELD: Act(_set_field),
    _Action.CLEAR_FIELD: Act(_clear_field, finish=_drop_field),
    _Action.ERASE: Act(_erase, block=50),
}
