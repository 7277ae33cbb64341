"""Finding contacts that may be one person: the same mailbox in two spellings, the same name in one organisation."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from common.sql import load_sql
from contacts.canonical import canonical
from contacts.models import Contact, Duplicate

BLOCK = 50_000  # addresses read in one go
Kind = Duplicate.Kind


@transaction.atomic
def find_duplicates() -> int:
    """Look at everybody once, in flat memory; returns how many pairs are new. What was dismissed stays so."""
    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table if not exists contacts_spelling (canonical varchar(320), contact_id bigint) "
            "on commit drop"
        )
        cursor.execute("truncate contacts_spelling")
        after = 0
        while rows := _next_addresses(after):
            after = rows[-1][0]
            spelt = [(box, pk) for pk, key in rows if (box := canonical(key)) != key]
            with cursor.copy("copy contacts_spelling (canonical, contact_id) from stdin") as copy:
                for row in spelt:
                    copy.write_row(row)
        cursor.execute("create index if not exists contacts_spelling_by on contacts_spelling (canonical)")
        cursor.execute("analyze contacts_spelling")
        cursor.execute(load_sql("contacts", "duplicates_by_mailbox"), {"kind": int(Kind.MAILBOX)})
        found = cursor.rowcount
        cursor.execute(load_sql("contacts", "duplicates_by_name"), {"kind": int(Kind.NAME)})
        return int(found + cursor.rowcount)


def _next_addresses(after: int) -> list[tuple[int, str]]:
    people = Contact.objects.filter(pk__gt=after, is_sample=False).order_by("pk")
    return list(people.values_list("pk", "address_key")[:BLOCK])


def open_duplicates() -> "QuerySet[Duplicate]":
    """Pairs nobody has judged yet, with both contacts; the surer kind first."""
    return Duplicate.objects.filter(dismissed_at=None).select_related("first", "second").order_by("kind", "pk")


def dismiss(*, duplicate: int, at: datetime) -> bool:
    """They are two people; the pair is not shown again."""
    return Duplicate.objects.filter(pk=duplicate, dismissed_at=None).update(dismissed_at=at) == 1
