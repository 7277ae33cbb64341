"""The undo of an import: possible while nothing was written to the people it created; block by block, resumable.

Changed values come back where nobody changed them since, subscriptions are withdrawn with a consent that says so, new
people go unless something else is known of them, suppressions are lifted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.services import audit
from common.sql import load_sql
from contacts.addresses import sort_key
from contacts.imports.journal import LEASE, ClockNow, ImportRefused, claim, origin_of
from contacts.models import (
    ConsentStatement,
    Contact,
    ContactImport,
    ContactTag,
    ImportedContact,
    Suppression,
)
from contacts.registry import mailed
from contacts.services.consent import statement_for

BLOCK = 5_000
_State = ContactImport.State
_CREATED = ImportedContact.Effect.CREATED


def undo_import(import_id: int, *, report: Callable[[ContactImport], None] = lambda _job: None) -> ContactImport | None:
    """Undo one released import to its end; None when there was nothing to take.

    Too late, or not allowed: the import is done again, and `error` says why.
    """
    job = claim(import_id, state=_State.UNDOING)
    if job is None:
        return None
    try:
        if not job.undone:
            refuse_if_too_late(job)
        while _undo_block(job):
            report(job)
        _finish(job)
    except ImportRefused as refusal:
        ContactImport.objects.filter(pk=job.pk, state=_State.UNDOING).update(
            state=_State.DONE, error=str(refusal), lease_until=None
        )
    job.refresh_from_db()
    return job


def refuse_if_too_late(job: ContactImport, *, most: int | None = None) -> None:
    """Raises ImportRefused where somebody the import created was written to; `most`: look at so many only."""
    made = ImportedContact.objects.filter(contact_import_id=job.pk, effect=_CREATED).order_by("contact_id")
    last, count, seen = 0, 0, 0
    while most is None or seen < most:
        people = list(made.filter(contact_id__gt=last).values_list("contact_id", flat=True)[:BLOCK])
        if not people:
            break
        count += len(_mailed_among(people))
        last, seen = people[-1], seen + len(people)
    if count:
        raise ImportRefused(
            ngettext(
                "Too late to undo: %(count)d of the new people has been written to since.",
                "Too late to undo: %(count)d of the new people have been written to since.",
                count,
            )
            % {"count": count}
        )


def may_lift(job: ContactImport, *, is_admin: bool) -> None:
    """Raises ImportRefused where the undo would take complaints back, for anybody but an administrator."""
    if is_admin:
        return
    if Suppression.objects.filter(origin=origin_of(job), reason=Suppression.Reason.COMPLAINED).exists():
        raise ImportRefused(
            _("This import brought complaints. Only an administrator can take them back, and it leaves a trace.")
        )


def _mailed_among(people: Sequence[int]) -> set[int]:
    return set().union(*(ask(people) for ask in mailed))


def _undo_block(job: ContactImport) -> bool:
    """The next people of the journal; False when there are no more. Raises ImportRefused where it was taken away."""
    with transaction.atomic():
        locked = ContactImport.objects.select_for_update().get(pk=job.pk)
        if locked.state != _State.UNDOING or locked.undo_cursor != job.undo_cursor:
            raise ImportRefused(_("The undo is going on elsewhere."))
        journal = ImportedContact.objects.filter(contact_import_id=job.pk, contact_id__gt=locked.undo_cursor)
        people = list(journal.order_by("contact_id").values_list("contact_id", flat=True)[:BLOCK])
        if not people:
            return False
        counts = Counter(locked.undone)
        counts.update(_undo(locked, people))
        locked.undone, locked.undo_cursor = dict(counts), people[-1]
        locked.save(update_fields=["undone", "undo_cursor"])
        ContactImport.objects.filter(pk=job.pk).update(lease_until=ClockNow() + LEASE)
    job.undone, job.undo_cursor = locked.undone, locked.undo_cursor
    return True


def _undo(job: ContactImport, people: list[int]) -> dict[str, int]:
    statement = statement_for(
        origin=ConsentStatement.Origin.IMPORT, source=_("import undone: %(file)s") % {"file": job.file_name}
    )
    words: dict[str, Any] = {
        "import": job.pk,
        "people": people,
        "list": job.contact_list_id,
        "statement": job.statement_id,
        "undo": statement.pk,
        "later": list(ContactImport.objects.filter(pk__gt=job.pk).values_list("pk", flat=True)),
    }
    with connection.cursor() as cursor:
        # Nobody writes to these people between the look and the deed: a snapshot locks nobody, but sees them gone.
        cursor.execute(
            "select id from contacts_contact where id = any(%(people)s) order by id for no key update", words
        )
        cursor.execute(load_sql("contacts", "undo_forgettable"), words)
        lonely = {number for (number,) in cursor.fetchall()}
        gone = lonely - _mailed_among(sorted(lonely)) if lonely else set()
        words["people"] = [number for number in people if number not in gone]
        cursor.execute(load_sql("contacts", "undo_restore"), words)
        restored = cursor.fetchall()
        _fold(restored)
        cursor.execute(load_sql("contacts", "undo_withdraw"), words)
        (withdrawn,) = cursor.fetchone()
        cursor.execute(
            "select count(*) from contacts_importedcontact"
            " where contact_import_id = %(import)s and effect = 1 and contact_id = any(%(people)s)",
            words | {"people": people},
        )
        (made,) = cursor.fetchone()
        _forget(cursor, sorted(gone))
        cursor.execute(
            "delete from contacts_contacttag where contact_import_id = %(import)s and contact_id = any(%(people)s)",
            words,
        )
    return {
        "removed": len(gone),
        "restored": len(restored),
        "withdrawn": int(withdrawn),
        "kept": made - len(gone),
    }


def _fold(rows: list[tuple[int, str, str, str, str]]) -> None:
    """Names came back: so do their sort keys, folded here and never by the server."""
    told = [(number, sort_key(first, last, key)) for number, first, last, key, _old in rows]
    differ = [pair for pair, row in zip(told, rows, strict=True) if pair[1] != row[4]]
    if differ:
        with connection.cursor() as cursor:
            cursor.execute(
                "update contacts_contact c set sort_key = told.sort_key"
                " from unnest(%s::bigint[], %s::text[]) as told (id, sort_key) where c.id = told.id",
                [[number for number, _key in differ], [key for _number, key in differ]],
            )


def _forget(cursor: CursorWrapper, people: list[int]) -> None:
    """New people as if they had never come, by a statement a table: as objects, a million took five minutes.

    Subscriptions and consents go with them by the database's trigger; what else hangs on a contact goes first.
    """
    if not people:
        return
    for relation in Contact._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.field.db_constraint:  # type: ignore[attr-defined]
            table, column = relation.related_model._meta.db_table, relation.field.column
            cursor.execute(f"delete from {table} where {column} = any(%s)", [people])  # noqa: S608
    cursor.execute("delete from contacts_contact where id = any(%s)", [people])


@transaction.atomic
def _finish(job: ContactImport) -> None:
    tags = ContactTag.objects.filter(contact_import_id=job.pk)
    tags._raw_delete(tags.db)
    lifted, _by_table = Suppression.objects.filter(origin=origin_of(job)).delete()
    undone = {"removed": 0, "restored": 0, "withdrawn": 0, "kept": 0} | job.undone | {"lifted": lifted}
    over = ContactImport.objects.filter(pk=job.pk, state=_State.UNDOING)
    if over.update(state=_State.UNDONE, undone=undone, finished_at=ClockNow(), lease_until=None):
        ImportedContact.objects.filter(contact_import_id=job.pk).delete()
        audit(verb="import.undo", target=f"import:{job.pk}", user=job.user, **undone)
