"""Flags on addresses: set wherever an address gets a contact, healed each night. Nobody is refused for one."""

from collections.abc import Iterable, Iterator

from django.db import connection

from common.sql import load_sql
from contacts.hygiene.domains import ROLES, is_role, probably_meant
from contacts.models import AddressFlag, Contact

Kind = AddressFlag.Kind
BLOCK = 50_000  # addresses looked at in one go


def flags_of(keys: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """(address key, kind, suggestion) of every flag these addresses deserve."""
    for key in keys:
        local, _at, domain = key.rpartition("@")
        if local in ROLES or ("+" in local and is_role(key)):
            yield key, Kind.ROLE, ""
        if meant := probably_meant(domain):
            yield key, Kind.TYPO, f"{local}@{meant}"


def flag(keys: Iterable[str]) -> int:
    """Flag the contacts of these addresses, in one statement; a flag that is there stays as it is. Returns how many."""
    found = list(flags_of(keys))
    if not found:
        return 0
    addresses, kinds, suggestions = map(list, zip(*found, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            load_sql("contacts", "flag_addresses"),
            {"keys": addresses, "kinds": kinds, "suggestions": suggestions},
        )
        return int(cursor.rowcount)


def flag_everybody() -> int:
    """Look at every address there is: what a door missed, and what the data learned since. Flat memory."""
    added, after = 0, 0
    while True:
        rows = list(Contact.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "address_key")[:BLOCK])
        if not rows:
            return added
        added += flag(key for _pk, key in rows)
        after = rows[-1][0]
