"""The run of an import: chunk by chunk, each with its journal entry in one transaction.

A worker that dies leaves the row RUNNING and its lease to run out; the next one goes on after the last merged row. One
that slept past its lease finds the journal moved on, and stops: a chunk is merged once.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from contacts.imports.checking import Checker, KnownFields, Loose, Reason, Refused, closed
from contacts.imports.chunks import Chunk, Source, chunks
from contacts.imports.encodings import UnreadableFile
from contacts.imports.journal import LEASE, ClockNow, ImportRefused, claim, fail, finish, make_fields, origin_of
from contacts.imports.mapping import ADDRESS, FIELD, NEW, plan_of
from contacts.imports.merging import Merged, Terms, erased_among, merge, suppress_staged
from contacts.imports.refused import RefusedFile
from contacts.models import ContactField, ContactImport, ContactList

MOST_NEW_FIELDS = 200
MOST_TAGS = 500  # of one chunk
_TRIES = 5


class _Overtaken(Exception):
    """Another worker, or a person, has moved the import on."""


def run_import(import_id: int, *, report: Callable[[ContactImport], None] = lambda _job: None) -> ContactImport | None:
    """Run or resume one import to its end; `report` hears of every chunk. None when there was nothing to take.

    Never raises for what the file holds: the row's state and error say how it ended.
    """
    job = claim(import_id, state=ContactImport.State.RUNNING)
    if job is None:
        return None
    try:
        _run(job, report)
        finish(job)
    except _Overtaken:
        pass
    except (ImportRefused, UnreadableFile) as error:
        fail(job, str(error))
    job.refresh_from_db()
    if job.state == ContactImport.State.DONE and job.created_count:
        _analyse()
    return job


def source_of(job: ContactImport) -> Source:
    """Where the rows of a job are read from, after those already merged."""
    path = Path(job.file.path)
    if not path.exists():
        raise UnreadableFile(_("The uploaded file is gone from this server; upload it again."))
    return Source(
        path=path,
        encoding=job.encoding,
        delimiter=job.delimiter,
        has_header=job.has_header,
        is_sheet=job.format == ContactImport.Format.XLSX,
        skip=job.row_cursor,
    )


def checker_of(job: ContactImport, known: KnownFields) -> Checker:
    """The checker of a job's plan; `known` comes filled with the fields there are."""
    rows = list(ContactField.objects.all())
    known.made.update({row.pk: row for row in rows})
    known.by_key.update({row.key: (row.pk, row.kind) for row in rows})
    mapping = dict(job.mapping)
    if job.kind == ContactImport.Kind.SUPPRESS:  # nothing but the address counts: no other cell refuses a row
        mapping = {index: target for index, target in mapping.items() if target == ADDRESS}
    kinds = {row.pk: row.kind for row in rows}
    for index, target in mapping.items():
        if target.startswith(NEW):  # a dry run: the field is not made yet
            number, kind = known.number(target[len(NEW) :])
            mapping[index], kinds[number] = f"{FIELD}{number}", kind
    return Checker(plan_of(mapping, width=len(job.columns), kinds=kinds), known)


def _run(job: ContactImport, report: Callable[[ContactImport], None]) -> None:
    known = KnownFields()
    ahead = chunks(source_of(job), checker_of(job, known))
    with collecting_rarely():
        for chunk in read_ahead(ahead):
            refuse_many_tags(chunk)
            _close_loose(chunk, known)
            refuse_erased(job, chunk)
            _merge_with_patience(job, chunk)
            report(job)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """A chunk is many small tuples without a cycle; at Python's default the collector took half of the reading time."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def read_ahead(ahead: Iterator[Chunk]) -> Iterator[Chunk]:
    """Read the next chunk while the database works on this one: the reader needs one core, the server another."""
    language = get_language()

    def read() -> Chunk | None:
        with override(language):  # a thread's own; refusals are explained in it
            return next(ahead, None)

    usual = sys.getswitchinterval()
    # An answer of the database finds the reader at work, and would wait for it some five milliseconds each time.
    sys.setswitchinterval(0.0005)
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-reader") as reader:
            coming = reader.submit(read)
            while (chunk := coming.result()) is not None:
                coming = reader.submit(read)
                yield chunk
    finally:
        sys.setswitchinterval(usual)


def _close_loose(chunk: Chunk, known: KnownFields) -> None:
    """Make the fields that attributes name for the first time, and encode the rows that waited for them."""
    keys = loose_keys(chunk)
    if keys:
        made = make_fields({key: key.replace("_", " ").capitalize() for key in keys})
        known.by_key.update({key: (number, ContactField.Kind.TEXT) for key, number in made.items()})
        close_loose(chunk, known)


def refuse_many_tags(chunk: Chunk) -> None:
    """Raises ImportRefused where the column of tags is no column of tags."""
    if len(chunk.tags) > MOST_TAGS:
        raise ImportRefused(
            _("The column of tags names more than %(most)d different ones: it holds something else.")
            % {"most": MOST_TAGS}
        )


def loose_keys(chunk: Chunk) -> set[str]:
    """The attributes of a chunk that no field is known for. Raises ImportRefused for far too many."""
    keys = {key for row in chunk.staged if isinstance(row[7], Loose) for key in row[7].attributes}
    if len(keys) > MOST_NEW_FIELDS:
        raise ImportRefused(
            _("The attributes name more than %(most)d different fields: this is not one table of contacts.")
            % {"most": MOST_NEW_FIELDS}
        )
    return keys


def close_loose(chunk: Chunk, known: KnownFields) -> None:
    """Encode the rows that waited for their fields."""
    for position, row in enumerate(chunk.staged):
        if isinstance(row[7], Loose):
            chunk.staged[position] = (*row[:7], closed(row[7], known.by_key), row[8])


def refuse_erased(job: ContactImport, chunk: Chunk) -> None:
    """Take those who asked to be erased off the chunk. They may well be named again as not to be mailed."""
    if job.kind == ContactImport.Kind.SUPPRESS:
        return
    erased = erased_among([row[1] for row in chunk.staged])
    if not erased:
        return
    kept = []
    for row, (line, cells) in zip(chunk.staged, chunk.sources, strict=True):
        if row[1] in erased:
            chunk.refused.append(Refused(line, cells, Reason.ERASED))
        else:
            kept.append((row, (line, cells)))
    chunk.staged = [row for row, _source in kept]
    chunk.sources = [source for _row, source in kept]
    chunk.copied = None


def _merge_with_patience(job: ContactImport, chunk: Chunk) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic():
                _merge_chunk(job, chunk)
            return
        # A deadlock with somebody else's update; a contact that came or went between two statements.
        except (OperationalError, IntegrityError):
            if attempt == _TRIES or not connection.is_usable():
                raise


def _merge_chunk(job: ContactImport, chunk: Chunk) -> None:
    locked = ContactImport.objects.select_for_update().get(pk=job.pk)
    if locked.state != ContactImport.State.RUNNING or locked.row_cursor != chunk.first:
        raise _Overtaken
    if locked.kind == ContactImport.Kind.SUPPRESS:
        merged = suppress_staged(chunk.staged, reason=locked.suppression_reason or 0, origin=origin_of(locked))
    else:
        merged = merge(chunk, _terms(locked))
    refused = chunk.refused + [Refused(*chunk.sources[position], Reason.DUPLICATE) for position in merged.duplicates]
    _write_journal(locked, chunk, merged, refused)
    job.__dict__.update(locked.__dict__)


def _terms(locked: ContactImport) -> Terms:
    # Its row is held, so that the list cannot go while people join it.
    found = ContactList.objects.select_for_update(no_key=True).filter(pk=locked.contact_list_id or 0).exists()
    if not found or locked.contact_list_id is None or locked.statement_id is None:
        raise ImportRefused(_("The list was deleted while the import was running. What was merged before stays."))
    return Terms(
        import_id=locked.pk,
        list_id=locked.contact_list_id,
        statement_id=locked.statement_id,
        tracking=locked.tracking_consent,
        tags=tuple(locked.tags),
        origin=origin_of(locked),
    )


def _write_journal(job: ContactImport, chunk: Chunk, merged: Merged, refused: list[Refused]) -> None:
    job.row_cursor += chunk.row_count
    job.row_count = job.row_cursor
    job.byte_cursor = chunk.byte_cursor
    job.created_count += merged.created
    job.changed_count += merged.changed
    job.unchanged_count += merged.unchanged
    job.kept_out_count += merged.kept_out
    job.refused_count += len(refused)
    keep_refused(job, refused)
    job.save()
    ContactImport.objects.filter(pk=job.pk).update(lease_until=ClockNow() + LEASE)


def keep_refused(job: ContactImport, refused: list[Refused]) -> None:
    """Count refused rows and append them to their file; the caller saves the job."""
    for row in refused:
        job.reasons[row.reason] = job.reasons.get(row.reason, 0) + 1
    if refused:
        job.refused_file.name = job.refused_file.name or f"imports/{job.pk}-refused.csv"
        path = Path(job.refused_file.path)
        job.refused_size = RefusedFile(path, job.columns, job.delimiter).append(refused, at=job.refused_size)


def _analyse() -> None:
    """Statistics of what was just filled: without them the next campaign's plan is a guess."""
    with connection.cursor() as cursor:
        cursor.execute("analyze contacts_contact, contacts_subscription, contacts_consent")
