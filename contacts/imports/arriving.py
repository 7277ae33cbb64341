"""An uploaded file to imports: one a table, with what was found out about it. Nothing stays of a refused file."""

import uuid
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.core.files import File
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.imports import archives
from contacts.imports.encodings import NobodyInIt, UnreadableFile
from contacts.imports.mapping import guess, slug
from contacts.imports.memory import recall
from contacts.imports.reading import FileFacts, find_out
from contacts.imports.recognising import recognise, terms_of
from contacts.models import ContactField, ContactImport

_Format = ContactImport.Format


def open_files(*, file: File[Any], file_name: str, user: User | None) -> list[ContactImport]:
    """Keep an uploaded file and find out what it holds: an import a table of a ZIP, else one; columns come guessed.

    Raises UnreadableFile; nothing is kept then. Tables of people who must not be mailed come first.
    """
    name = Path(file_name).name[:255]
    try:
        return _open(file, name, user)
    except UnreadableFile as error:
        # Every refusal names its file: a person may have dropped several.
        message = str(error)
        raise UnreadableFile(message if name in message else f"{name}: {message}") from error


def open_file(*, file: File[Any], file_name: str, user: User | None) -> tuple[ContactImport, FileFacts]:
    """The same for one table. Raises UnreadableFile also where a ZIP holds several."""
    jobs = open_files(file=file, file_name=file_name, user=user)
    if len(jobs) > 1:
        for job in jobs:
            _forget(job)
        raise UnreadableFile(
            _("“%(name)s” holds %(count)d tables; import them one by one.") % {"name": file_name, "count": len(jobs)}
        )
    path = Path(jobs[0].file.path)
    return jobs[0], find_out(path, is_sheet=jobs[0].format == _Format.XLSX)


def _open(file: File[Any], name: str, user: User | None) -> list[ContactImport]:
    stream: IO[bytes] = file.file if hasattr(file, "file") and file.file is not None else file
    if not archives.is_zip(stream):
        return [_keep(file, name, user, is_sheet=False)]
    members = archives.look_into(stream, name=name)
    if archives.is_workbook(members):
        return [_keep(file, name, user, is_sheet=True)]
    tables = archives.tables_in(members, name=name)
    parcel = uuid.uuid4() if len(tables) > 1 else None
    jobs: list[ContactImport] = []
    nobody: NobodyInIt | None = None
    try:
        for entry in tables:
            inner = PurePosixPath(entry.filename.replace("\\", "/")).name[:255]
            with archives.member(stream, entry, name=name) as content:
                is_sheet = archives.is_zip(content)
                try:
                    jobs.append(_keep(File(content), inner, user, is_sheet=is_sheet, parcel=parcel))
                except NobodyInIt as error:  # as the cleaned people of an audience where nobody was
                    nobody = error
    except UnreadableFile:
        for job in jobs:
            _forget(job)
        raise
    if nobody and not jobs:
        raise nobody
    return sorted(jobs, key=lambda job: (job.kind != ContactImport.Kind.SUPPRESS, job.pk))


def _keep(
    file: File[Any], name: str, user: User | None, *, is_sheet: bool, parcel: uuid.UUID | None = None
) -> ContactImport:
    job = ContactImport(file_name=name, file_size=0, user=user, parcel=parcel)
    job.format = _Format.XLSX if is_sheet else _Format.TEXT
    job.file.name = f"imports/{uuid.uuid4().hex}"
    path = Path(job.file.path)
    try:
        file.seek(0)
        archives.copy(file, path)
        job.file_size = path.stat().st_size
        _look(job, path, is_sheet=is_sheet)
    except Exception as error:
        path.unlink(missing_ok=True)
        if isinstance(error, UnreadableFile) and name not in str(error):
            raise type(error)(f"{name}: {error}") from error
        raise
    return job


def _look(job: ContactImport, path: Path, *, is_sheet: bool) -> None:
    facts = find_out(path, is_sheet=is_sheet)
    job.encoding, job.delimiter, job.has_header = facts.encoding, facts.delimiter, facts.has_header
    job.columns = facts.columns
    job.mapping = _matching(facts)
    titles = [slug(column) for column in facts.columns] if facts.has_header else []
    platform = recognise(titles, file_name=job.file_name)
    for name, value in terms_of(platform).items():
        setattr(job, name, value)
    job.save()


def _matching(facts: FileFacts) -> dict[str, str]:
    known = recall(facts.columns) if facts.has_header else {}
    return known or guess(facts.columns, facts.samples, ContactField.objects.all())


def siblings_of(job: ContactImport) -> Sequence[ContactImport]:
    """The imports that came in the same ZIP, those of people who must not be mailed first."""
    if job.parcel is None:
        return [job]
    rows = ContactImport.objects.filter(parcel=job.parcel).select_related("contact_list")
    return sorted(rows, key=lambda row: (row.kind != ContactImport.Kind.SUPPRESS, row.pk))


def _forget(job: ContactImport) -> None:
    Path(job.file.path).unlink(missing_ok=True)
    job.delete()
