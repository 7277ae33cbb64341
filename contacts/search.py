"""Finding people by any part of an address or name.

With pg_trgm the words are looked up in contacts_searchtext, wherever they stand. It is filled behind imports; until it
has caught up, and where the extension is missing, a search finds by beginnings, which the
indexes of contacts always answer.
"""

from functools import cache

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from contacts.addresses import BrokenAddress, address_key, folded
from contacts.models import Contact, SearchText
from contacts.models.people import is_called

SHORTEST = 3  # letters of a trigram: a shorter word alone would read the whole index
_BLOCK = 20_000
# Chunks of an import may commit out of the order of ids: so far behind the newest a sweep looks for what is missing.
_LOOK_BACK = 100_000
A_SWEEP = 200_000  # people: some ten seconds of work


def found_by(text: str) -> Q:
    """Whom a search finds: every word stands somewhere in the address or the name; no case, no accents.

    A whole address somebody has finds that person alone, by one probe.
    """
    if key := _whole_address(text):
        return Q(address_key=key)
    words = folded(text.replace("\0", "")).split()
    if not any(len(word) >= SHORTEST for word in words) or not is_current():
        return is_called(text)
    return containing(*words)


def _whole_address(text: str) -> str:
    try:
        key = address_key(text)
    except BrokenAddress:
        return ""
    return key if Contact.objects.filter(address_key=key).exists() else ""


def containing(*words: str) -> Q:
    """People in whose address and names each of these folded words stands."""
    found = SearchText.objects.filter(contact_id=OuterRef("pk"))
    for word in words:
        found = found.filter(text__contains=word)
    return Q(Exists(found))


def is_current(*, besides: int = 0) -> bool:
    """Whether the newest contact (`besides` one) can be found by parts; two probes of an index."""
    if not has_trigrams():
        return False
    newest = Contact.objects.exclude(pk=besides).order_by("-pk").values_list("pk", flat=True).first()
    known = SearchText.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest is None or (known is not None and known >= newest)


@cache
def has_trigrams() -> bool:
    """Whether the database has pg_trgm, looked for once a process; some managed ones do not offer it."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_extension where extname = 'pg_trgm'")
        return cursor.fetchone() is not None


def keep_findable(contact: Contact) -> None:
    """At once, for somebody added by hand; unless an import is ahead of the search, which must not skip its people."""
    if is_current(besides=contact.pk):
        text = f"{contact.address_key} {contact.sort_key}"
        SearchText.objects.bulk_create([SearchText(contact_id=contact.pk, text=text)], ignore_conflicts=True)


def catch_up(*, is_whole: bool = False, most: int = 2**62) -> int:
    """Make the newest contacts findable, block by block up to `most`; `is_whole` looks at all. Returns how many.

    Safe to repeat and to stop at any point.
    """
    total = 0
    while has_trigrams() and total < most:
        with connection.cursor() as cursor:
            cursor.execute(_CATCH_UP, {"back": 2**62 if is_whole else _LOOK_BACK, "block": _BLOCK})
            added = int(cursor.rowcount)
        total += added
        if added < _BLOCK:
            break
    if total >= _BLOCK:
        with connection.cursor() as cursor:
            cursor.execute("analyze contacts_searchtext")
    return total


_CATCH_UP = """
insert into contacts_searchtext (contact_id, text)
select c.id, c.address_key || ' ' || c.sort_key
from contacts_contact c
where c.id > (select coalesce(max(contact_id), 0) from contacts_searchtext) - %(back)s
    and not exists (select 1 from contacts_searchtext s where s.contact_id = c.id)
order by c.id
limit %(block)s
on conflict do nothing
"""


def mend() -> int:
    """Nightly: what is missing further back, and what changed in the very moment it was filled in."""
    added = catch_up(is_whole=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "update contacts_searchtext s set text = c.address_key || ' ' || c.sort_key from contacts_contact c"
            " where c.id = s.contact_id and s.text <> c.address_key || ' ' || c.sort_key"
        )
        return added + int(cursor.rowcount)
