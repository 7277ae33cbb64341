"""Contacts as a file: any filter of the contact table, in the background, in flat memory, gone after a week."""

import csv
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.filters import Group, WrongFilter, from_json, people
from contacts.imports.journal import LEASE, ClockNow
from contacts.imports.refused import harmless
from contacts.models import Contact, ContactExport, ContactField
from contacts.queries import size_of
from contacts.workbooks import write_workbook

KEPT = timedelta(days=7)
_BLOCK = 2_000
_SALT = "contacts.export"
_State = ContactExport.State


class LinkExpired(Exception):
    """The link is damaged, made for another export, or older than a week."""


@transaction.atomic
def ask_export(*, tree: Group, format: str, user: User) -> ContactExport:
    """Remember whom is wanted, with an audit entry; a worker does the rest. Raises WrongFilter."""
    wanted = tree.to_json()
    job = ContactExport.objects.create(
        filter=wanted, format=format, user=user, expected_count=size_of(people(tree, now=timezone.now())).number
    )
    audit(verb="contacts.export", target=f"export:{job.pk}", user=user, format=format, filter=wanted)
    return job


def link_token(job: ContactExport) -> str:
    """Signed, bound to this export, good for KEPT."""
    return TimestampSigner(salt=_SALT).sign(str(job.pk))


def check_token(token: str) -> int:
    """The export a token opens. Raises LinkExpired."""
    try:
        return int(TimestampSigner(salt=_SALT).unsign(token, max_age=KEPT))
    except (BadSignature, ValueError) as error:
        raise LinkExpired from error


def waiting_exports() -> list[int]:
    """Exports nobody works on: just asked for, or lost with their worker."""
    free = Q(state=_State.WAITING) | Q(state=_State.RUNNING, lease_until__lt=ClockNow())
    return list(ContactExport.objects.filter(free).order_by("pk").values_list("pk", flat=True))


def run_export(export_id: int, *, report: Callable[[ContactExport], None] = lambda _job: None) -> ContactExport | None:
    """Write one export to its end; None when there was nothing to take. A second try begins its file anew."""
    free = Q(state=_State.WAITING) | Q(state=_State.RUNNING, lease_until__lt=ClockNow())
    taken = ContactExport.objects.filter(free, pk=export_id)
    if not taken.update(state=_State.RUNNING, lease_until=ClockNow() + LEASE, row_count=0):
        return None
    job = ContactExport.objects.get(pk=export_id)
    job.file.name = f"exports/{uuid.uuid4().hex}.{job.format}"
    path = Path(job.file.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write = {ContactExport.Format.CSV: _write_csv, ContactExport.Format.XLSX: write_workbook}[
        ContactExport.Format(job.format)
    ]
    try:
        write(path, _rows(job, report))
    except (OSError, WrongFilter) as error:
        path.unlink(missing_ok=True)
        held = ContactExport.objects.filter(pk=job.pk, state=_State.RUNNING)
        held.update(state=_State.FAILED, error=str(error), finished_at=ClockNow(), lease_until=None)
    else:
        now = timezone.now()
        held = ContactExport.objects.filter(pk=job.pk, state=_State.RUNNING, lease_until=job.lease_until)
        done = held.update(
            state=_State.DONE,
            row_count=job.row_count,
            file=job.file.name,
            file_size=path.stat().st_size,
            finished_at=now,
            expires_at=now + KEPT,
            lease_until=None,
        )
        if not done:  # another worker has begun it anew
            path.unlink(missing_ok=True)
    job.refresh_from_db()
    return job


def remove_expired() -> int:
    """Delete the files whose week is over; returns how many."""
    rows = list(ContactExport.objects.filter(state=_State.DONE, expires_at__lt=ClockNow())[:500])
    for job in rows:
        job.file.delete(save=False)
        ContactExport.objects.filter(pk=job.pk).update(state=_State.EXPIRED, file="")
    return len(rows)


def _rows(job: ContactExport, report: Callable[[ContactExport], None]) -> Iterator[list[str]]:
    """Titles, then people by id through a server-side cursor; the lease is renewed with each block."""
    fields = list(ContactField.objects.values_list("pk", "label"))
    titles = [_("E-mail address"), _("First name"), _("Last name"), _("Language"), _("Added")]
    yield [harmless(title) for title in [*titles, *(label for _number, label in fields)]]
    numbers = [str(number) for number, _label in fields]
    wanted = (
        people(from_json(job.filter), now=job.created_at)
        .order_by("pk")
        .only("address", "first_name", "last_name", "language", "created_at", "fields")
    )
    for position, person in enumerate(wanted.iterator(chunk_size=_BLOCK), start=1):
        yield [harmless(cell) for cell in _cells(person, numbers)]
        job.row_count = position
        if position % _BLOCK == 0:
            _note(job)
            report(job)


def _note(job: ContactExport) -> None:
    held = ContactExport.objects.filter(pk=job.pk, state=_State.RUNNING, lease_until=job.lease_until)
    held.update(row_count=job.row_count, lease_until=ClockNow() + LEASE)
    job.lease_until = ContactExport.objects.values_list("lease_until", flat=True).get(pk=job.pk)


def _cells(person: Contact, numbers: list[str]) -> list[str]:
    added = person.created_at.date().isoformat()
    own = [_as_text(person.fields.get(number)) for number in numbers]
    return [person.address, person.first_name, person.last_name, person.language, added, *own]


def _as_text(value: Any) -> str:
    """As the import reads it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _write_csv(path: Path, rows: Iterator[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the byte order mark is for spreadsheets
        csv.writer(file).writerows(rows)
