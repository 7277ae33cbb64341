"""The dry run: the whole file through the run's own reader, checker, staging table and matching; compared, not written.

What it leaves is progress, counts and the first findings of each kind. A worker that died leaves nothing half-done: the
next begins anew.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from common.sql import load_sql
from contacts.imports.checking import KnownFields, Reason, Refused
from contacts.imports.chunks import Chunk, chunks
from contacts.imports.encodings import UnreadableFile
from contacts.imports.journal import SCOPES, ImportRefused, begin_anew, claim, fail, renew
from contacts.imports.merging import Terms, stage
from contacts.imports.running import (
    checker_of,
    close_loose,
    collecting_rarely,
    keep_refused,
    loose_keys,
    read_ahead,
    refuse_erased,
    refuse_many_tags,
    source_of,
)
from contacts.models import Contact, ContactImport, ImportFinding, Suppression

KEPT_FINDINGS = 500  # of each kind
_COUNTS = ("row_count", "created_count", "changed_count", "unchanged_count", "refused_count", "kept_out_count")
_Kind = ImportFinding.Kind


class _Stopped(Exception):
    """A person gave the import up, or another worker has it."""


def try_import(import_id: int, *, report: Callable[[ContactImport], None] = lambda _job: None) -> ContactImport | None:
    """Try one released import to the end of its file. None when there was nothing to take.

    Never raises for what the file holds: the row's state and error say how it ended.
    """
    job = claim(import_id, state=ContactImport.State.TRYING)
    if job is None:
        return None
    try:
        begin_anew(job)
        with collecting_rarely():
            for _chunk in _tried(job):
                if not renew(job):
                    raise _Stopped
                job.save(update_fields=[*_COUNTS, "byte_cursor", "reasons", "refused_file", "refused_size"])
                report(job)
        _conclude(job)
    except _Stopped:
        pass
    except (ImportRefused, UnreadableFile) as error:
        fail(job, str(error))
    job.refresh_from_db()
    return job


def _conclude(job: ContactImport) -> None:
    trial = {name: getattr(job, name) for name in _COUNTS} | {"at": timezone.now().isoformat()}
    held = ContactImport.objects.filter(pk=job.pk, state=ContactImport.State.TRYING, lease_until=job.lease_until)
    held.update(
        state=ContactImport.State.TRIED,
        trial=trial,
        reasons=job.reasons,
        lease_until=None,
        finished_at=timezone.now(),
    )


def _tried(job: ContactImport) -> Iterator[Chunk]:
    known = KnownFields()
    ahead = chunks(source_of(job), checker_of(job, known))
    with connection.cursor() as cursor:
        cursor.execute(load_sql("contacts", "try_met"))
    findings = _Findings(job, known)
    for chunk in read_ahead(ahead):
        refuse_many_tags(chunk)
        for key in loose_keys(chunk):
            known.number(key)
        close_loose(chunk, known)
        refuse_erased(job, chunk)
        with transaction.atomic(), connection.cursor() as cursor:
            _try_chunk(cursor, job, chunk, findings)
        yield chunk


def _try_chunk(cursor: CursorWrapper, job: ContactImport, chunk: Chunk, findings: "_Findings") -> None:
    stage(cursor, chunk)
    refused = chunk.refused
    if job.kind == ContactImport.Kind.SUPPRESS:
        scope = SCOPES[Suppression.Reason(job.suppression_reason or 0)]
        cursor.execute(load_sql("contacts", "try_repeated"))
        cursor.execute(load_sql("contacts", "try_suppressed"), {"scope": scope})
        (created,) = cursor.fetchone()
        job.created_count += created
        job.unchanged_count += len(chunk.staged) - created
    else:
        words = Terms(job.pk, job.contact_list_id or 0, 0, job.tracking_consent).words()
        cursor.execute(load_sql("contacts", "try_repeated"))
        repeated = [position for (position,) in cursor.fetchall()]
        again = [chunk.sources[position] for position in repeated]
        refused = refused + [Refused(line, cells, Reason.DUPLICATE) for line, cells in again]
        cursor.execute(load_sql("contacts", "import_match"), words)
        cursor.execute(load_sql("contacts", "import_counts"), words)
        matched, touched, out_before = cursor.fetchone()
        if touched:
            cursor.execute(load_sql("contacts", "import_effects"), words)
        cursor.execute(load_sql("contacts", "try_new"), words)
        created, out_new = cursor.fetchone()
        job.created_count += created
        job.changed_count += touched
        job.unchanged_count += matched - touched
        job.kept_out_count += out_before + out_new
        findings.look(cursor, chunk, words)
    job.row_count += chunk.row_count
    job.byte_cursor = chunk.byte_cursor
    job.refused_count += len(refused)
    keep_refused(job, refused)
    findings.refused(refused)


class _Findings:
    """The first of each kind, in the order of lines."""

    def __init__(self, job: ContactImport, known: KnownFields) -> None:
        self._job = job
        self._known = known
        self._room = dict.fromkeys(_Kind, KEPT_FINDINGS)

    def look(self, cursor: CursorWrapper, chunk: Chunk, words: dict[str, Any]) -> None:
        """What is worth showing of the chunk that lies in the staging tables."""
        if most := self._room[_Kind.CHANGED]:
            cursor.execute(
                "select ord, contact_id, before from contacts_effects where effect & 2 = 2 order by ord limit %s",
                [most],
            )
            self._changed(cursor.fetchall(), chunk)
        if most := self._room[_Kind.STAYS_OUT]:
            cursor.execute(load_sql("contacts", "try_outside"), words | {"most": most})
            rows = [
                self._finding(_Kind.STAYS_OUT, chunk, position, number, address, {"why": why, "has_left": has_left})
                for position, number, address, why, has_left in cursor.fetchall()
            ]
            self._keep(_Kind.STAYS_OUT, rows)
        if most := self._room[_Kind.NEW]:
            cursor.execute(
                "select ord, address, first_name, last_name from contacts_staging s"
                " where not exists (select from contacts_matched m where m.ord = s.ord) order by ord limit %s",
                [most],
            )
            rows = [
                self._finding(_Kind.NEW, chunk, position, None, address, {"name": f"{first} {last}".strip()})
                for position, address, first, last in cursor.fetchall()
            ]
            self._keep(_Kind.NEW, rows)

    def refused(self, rows: list[Refused]) -> None:
        found = [
            ImportFinding(
                contact_import=self._job,
                kind=_Kind.REFUSED,
                line=row.line,
                details={"reason": row.reason, "detail": row.detail, "cells": [cell[:200] for cell in row.cells[:50]]},
            )
            for row in sorted(rows, key=lambda row: row.line)
        ]
        self._keep(_Kind.REFUSED, found)

    def _changed(self, rows: list[tuple[int, int, str]], chunk: Chunk) -> None:
        people = Contact.objects.in_bulk([number for _position, number, _before in rows])
        found = []
        for position, number, before in rows:
            if person := people.get(number):
                changes = _changes(json.loads(before), self._known)
                details = {"name": person.name, "changes": changes}
                found.append(self._finding(_Kind.CHANGED, chunk, position, number, person.address, details))
        self._keep(_Kind.CHANGED, found)

    def _finding(
        self, kind: int, chunk: Chunk, position: int, number: int | None, address: str, details: dict[str, Any]
    ) -> ImportFinding:
        line, _cells = chunk.sources[position]
        return ImportFinding(
            contact_import=self._job, kind=kind, line=line, contact_id=number, address=address, details=details
        )

    def _keep(self, kind: _Kind, rows: list[ImportFinding]) -> None:
        kept = rows[: self._room[kind]]
        self._room[kind] -= len(kept)
        ImportFinding.objects.bulk_create(kept)


def _changes(before: dict[str, Any], known: KnownFields) -> list[list[Any]]:
    """[what, old, new] of each changed value; `what` is a column of Contact, a ContactField's id or a new key."""
    found = [[name, *before[name]] for name in ("first_name", "last_name", "language") if name in before]
    for number, (old, new) in before.get("fields", {}).items():
        found.append([known.unmade.get(int(number), number), old, new])
    return found
