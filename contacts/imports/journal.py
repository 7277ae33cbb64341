"""The steps of an import before and after its run; every move is a conditional update, and the loser walks away."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import DateTimeField, Func, Q
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.imports.encodings import UnreadableFile
from contacts.imports.mapping import ADDRESS, FIELD, NEW, field_key, guess
from contacts.imports.reading import FileFacts, find_out
from contacts.models import (
    ConsentStatement,
    ContactField,
    ContactImport,
    ContactList,
    ImportedContact,
)
from contacts.services.consent import state_source

_State = ContactImport.State
LEASE = timedelta(minutes=2)  # a chunk takes a second; renewed with each


class ImportRefused(ValueError):
    """The import cannot go on; the message says why, in the active language."""


class ClockNow(Func):
    """The database's clock at this very moment: what leases are judged by."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def open_file(*, file: File[Any], file_name: str, user: User | None) -> tuple[ContactImport, FileFacts]:
    """Keep an uploaded file and find out what it holds; columns come guessed. Raises UnreadableFile, nothing kept."""
    job = ContactImport(file_name=Path(file_name).name[:255], file_size=file.size or 0, user=user)
    job.file.save(f"{job.file_name[-60:]}", file, save=False)
    try:
        facts = find_out(Path(job.file.path))
    except UnreadableFile:
        job.file.delete(save=False)
        raise
    job.encoding, job.delimiter, job.has_header = facts.encoding, facts.delimiter, facts.has_header
    job.columns = facts.columns
    job.mapping = guess(facts.columns, facts.samples, ContactField.objects.all())
    job.save()
    return job, facts


def match_columns(*, job: ContactImport, mapping: Mapping[str, str]) -> None:
    """Store what each column means. Raises ImportRefused where none holds the address, or two do."""
    addresses = [index for index, target in mapping.items() if target == ADDRESS]
    if not addresses:
        columns = ", ".join(str(column) for column in job.columns[:20])
        raise ImportRefused(_("No column holds e-mail addresses. Columns found: %(columns)s.") % {"columns": columns})
    if len(addresses) > 1:
        raise ImportRefused(_("Two columns are matched to the address; choose one."))
    before = [_State.UPLOADED, _State.MATCHED]
    moved = ContactImport.objects.filter(pk=job.pk, state__in=before).update(
        mapping=dict(mapping), state=_State.MATCHED
    )
    if not moved:
        raise ImportRefused(_("This import has started already."))
    job.refresh_from_db()


def state_consent(*, job: ContactImport, contact_list: ContactList, consent_source: str, tracking_consent: int) -> None:
    """Remember on what proof people will come in, before anything is started. Raises ImportRefused."""
    _refuse_without_source(consent_source)
    moved = ContactImport.objects.filter(pk=job.pk, state=_State.MATCHED).update(
        contact_list=contact_list, consent_source=consent_source.strip()[:300], tracking_consent=tracking_consent
    )
    if not moved:
        raise ImportRefused(_("This import has started already."))


def _refuse_without_source(consent_source: str) -> None:
    if not consent_source.strip():
        raise ImportRefused(_("Say where the consent comes from: people may only be written to on proof."))


@transaction.atomic
def start_import(*, job: ContactImport, contact_list: ContactList, consent_source: str, tracking_consent: int) -> None:
    """Say on what proof people come in, make the new fields, and release the import to whoever runs it.

    Raises ImportRefused without a source, or when it was started or cancelled meanwhile.
    """
    _refuse_without_source(consent_source)
    locked = ContactImport.objects.select_for_update().get(pk=job.pk)
    if locked.state != _State.MATCHED:
        raise ImportRefused(_("This import has started already."))
    locked.statement = state_source(origin=ConsentStatement.Origin.IMPORT, source=consent_source.strip())
    locked.contact_list = contact_list
    locked.consent_source = consent_source.strip()[:300]
    locked.tracking_consent = tracking_consent
    locked.mapping = _with_fields_made(locked)
    locked.state = _State.RUNNING
    locked.save()
    job.refresh_from_db()


def _with_fields_made(job: ContactImport) -> dict[str, str]:
    labels = {target[len(NEW) :]: job.columns[int(index)] for index, target in job.mapping.items() if target[:4] == NEW}
    numbers = make_fields(labels)
    return {
        index: f"{FIELD}{numbers[target[len(NEW) :]]}" if target.startswith(NEW) else target
        for index, target in job.mapping.items()
    }


def make_fields(labels: Mapping[str, str]) -> dict[str, int]:
    """The ids of the fields with these keys; text fields are made where there is none."""
    missing = [ContactField(key=key, label=(_readable(label) or key)[:100]) for key, label in labels.items()]
    ContactField.objects.bulk_create(missing, ignore_conflicts=True)
    return dict(ContactField.objects.filter(key__in=labels).values_list("key", "pk"))


def _readable(label: str) -> str:
    """A column's title as a label: VILLE_DE_NAISSANCE is shouted by exports, not by people."""
    words = " ".join(label.replace("_", " ").split())
    return words.capitalize() if words.isupper() or words.islower() else words


def claim(import_id: int) -> ContactImport | None:
    """Take a released import for running; None when another worker holds it, or it is over."""
    free = Q(lease_until=None) | Q(lease_until__lt=ClockNow())
    taken = ContactImport.objects.filter(free, pk=import_id, state=_State.RUNNING).update(
        lease_until=ClockNow() + LEASE
    )
    if not taken:
        return None
    ContactImport.objects.filter(pk=import_id, started_at=None).update(started_at=ClockNow())
    return ContactImport.objects.get(pk=import_id)


def cancel_import(*, job: ContactImport) -> bool:
    """Stop an import. What is merged stays; the running worker stops before its next chunk. False when it was over."""
    live = [_State.UPLOADED, _State.MATCHED, _State.RUNNING]
    stopped = ContactImport.objects.filter(pk=job.pk, state__in=live).update(
        state=_State.CANCELLED, finished_at=ClockNow(), lease_until=None
    )
    if stopped:
        _let_go(job)
    return bool(stopped)


def finish(job: ContactImport) -> None:
    """Everything is merged."""
    done = ContactImport.objects.filter(pk=job.pk, state=_State.RUNNING).update(
        state=_State.DONE, finished_at=ClockNow(), lease_until=None, byte_cursor=job.file_size
    )
    if done:
        _let_go(job)


def fail(job: ContactImport, error: str) -> None:
    """It cannot go on; what is merged stays, and the counts say so."""
    failed = ContactImport.objects.filter(pk=job.pk, state=_State.RUNNING).update(
        state=_State.FAILED, error=error, finished_at=ClockNow(), lease_until=None
    )
    if failed:
        _let_go(job)


def discard(*, job: ContactImport) -> None:
    """Remove an import that is over from the list, with its files. Contacts stay."""
    for file in (job.file, job.refused_file):
        if file:
            file.delete(save=False)
    ImportedContact.objects.filter(contact_import_id=job.pk).delete()
    job.delete()


def _let_go(job: ContactImport) -> None:
    """People's data is not kept longer than the run needs it."""
    ImportedContact.objects.filter(contact_import_id=job.pk).delete()
    job.file.storage.delete(job.file.name or "")


def new_key(label: str) -> str:
    """The target of a column that becomes a new field."""
    return NEW + field_key(label)
