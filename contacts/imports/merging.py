"""Staged rows into contacts, in sets: a handful of statements per chunk, whatever its size.

An import creates and changes people, and joins them to its list on its statement. It never brings back who left the
list, unsubscribed from everything, complained or was erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from common.sql import load_sql
from contacts.addresses import fingerprint, sort_key
from contacts.hygiene.flags import flag
from contacts.imports.checking import Staged
from contacts.imports.chunks import Chunk, as_copied
from contacts.imports.journal import SCOPES
from contacts.models import Suppression
from contacts.services.suppressions import suppress_all
from contacts.services.tags import tags_named

_COLUMNS = "ord, uuid, address, address_key, sort_key, first_name, last_name, language, mx_group, fields, fate"
_TEXTS = "address, address_key, sort_key, first_name, last_name, language"
_COPY = (
    f"copy contacts_staging ({_COLUMNS}) from stdin"
    f" (format csv, delimiter E'\\x1f', quote E'\\x01', force_not_null ({_TEXTS}))"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms people come in: the import, its list, its proof, and what they said about tracking."""

    import_id: int
    list_id: int
    statement_id: int
    tracking: int  # ConsentState
    tags: tuple[int, ...] = ()
    origin: str = ""  # of the suppressions a status column asks for; its undo finds them by it

    def words(self) -> dict[str, Any]:
        """As the statements name them."""
        return {
            "import": self.import_id,
            "list": self.list_id,
            "statement": self.statement_id,
            "tracking": self.tracking,
            "tags": list(self.tags),
            "origin": self.origin,
        }


@dataclass(frozen=True, slots=True)
class Merged:
    created: int
    changed: int
    unchanged: int
    kept_out: int
    duplicates: list[int]  # positions among the staged rows


def merge(chunk: Chunk, terms: Terms) -> Merged:
    """Merge one chunk, in the caller's transaction.

    Raises IntegrityError where somebody else added one of these people meanwhile; taken again, the chunk finds them.
    """
    staged = chunk.staged
    if not staged:
        return Merged(0, 0, 0, 0, [])
    words = terms.words()
    with connection.cursor() as cursor:
        stage(cursor, chunk)
        if any(row[8] for row in staged):
            cursor.execute(load_sql("contacts", "import_suppress"), words)
        cursor.execute(load_sql("contacts", "import_match"), words)
        cursor.execute("select ord from contacts_matched where was_seen order by ord")
        duplicates = [position for (position,) in cursor.fetchall()]
        cursor.execute(load_sql("contacts", "import_counts"), words)
        matched, touched, out_before = cursor.fetchone()
        if touched:
            cursor.execute(load_sql("contacts", "import_effects"), words)
        cursor.execute(load_sql("contacts", "import_remember"), words)
        if touched:
            _write_known(cursor, words)
        cursor.execute(load_sql("contacts", "import_create"), words)
        created, out_new = cursor.fetchone()
        if terms.tags:
            cursor.execute(load_sql("contacts", "import_tag"), words)
        if chunk.tags:
            _tag_each(cursor, chunk.tags, words)
    if created:
        flag(row[1] for row in staged)
    return Merged(
        created=created,
        changed=touched,
        unchanged=matched - touched - len(duplicates),
        kept_out=out_before + out_new,
        duplicates=duplicates,
    )


def suppress_staged(staged: Sequence[Staged], *, reason: int, origin: str) -> Merged:
    """Suppress every address of a chunk of people who must not be mailed; no contact is touched."""
    keys = [row[1] for row in staged]
    written = suppress_all(
        address_keys=keys,
        reason=reason,
        scope=SCOPES[Suppression.Reason(reason)],
        origin=origin,
        at=timezone.now(),
    )
    return Merged(created=written, changed=0, unchanged=len(keys) - written, kept_out=0, duplicates=[])


def erased_among(keys: Sequence[str]) -> set[str]:
    """Which of these addresses belong to people who asked to be erased. Free while nobody did."""
    if not Suppression.objects.filter(fingerprint__isnull=False).exists():
        return set()
    by_print = {fingerprint(key): key for key in keys}
    found = Suppression.objects.filter(fingerprint__in=list(by_print)).values_list("fingerprint", flat=True)
    return {by_print[bytes(mark)] for mark in found if mark is not None}


def stage(cursor: CursorWrapper, chunk: Chunk) -> None:
    """COPY a chunk to the session's staging table, which is emptied first."""
    cursor.execute(load_sql("contacts", "import_staging"))
    text = as_copied(chunk.staged) if chunk.copied is None else chunk.copied
    with cursor.copy(_COPY) as copy:
        copy.write(text)


def _write_known(cursor: CursorWrapper, words: dict[str, Any]) -> None:
    """Known people who differ, or are new to the list."""
    cursor.execute(load_sql("contacts", "import_change"), words)
    if cursor.rowcount:
        _fold_again(cursor)
    cursor.execute(load_sql("contacts", "import_join"), words)
    cursor.execute(load_sql("contacts", "import_consent"), words)


def _tag_each(cursor: CursorWrapper, asked: dict[str, list[str]], words: dict[str, Any]) -> None:
    """The tags each row asks for; made where there are none."""
    numbers = {tag.name: tag.pk for tag in tags_named(list(asked))}
    pairs = [(numbers[name], key) for name, keys in asked.items() for key in keys]
    told = {"numbers": [number for number, _key in pairs], "keys": [key for _number, key in pairs]}
    cursor.execute(load_sql("contacts", "import_tag_each"), words | told)


def _fold_again(cursor: CursorWrapper) -> None:
    """The sort key of changed people where the file names one half only: folded here, never by the server."""
    cursor.execute(load_sql("contacts", "import_half_names"))
    rows = cursor.fetchall()
    if rows:
        cursor.execute(
            "update contacts_contact c set sort_key = told.sort_key"
            " from unnest(%s::bigint[], %s::text[]) as told (id, sort_key) where c.id = told.id",
            [[row[0] for row in rows], [sort_key(first, last, key) for _number, first, last, key in rows]],
        )
