import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.utils import translation

from contacts.imports import (
    match_columns,
    open_file,
    run_import,
    start_import,
    start_trial,
    state_consent,
    try_import,
)
from contacts.models import ConsentState, ContactImport, ContactList

Importer = Callable[..., ContactImport]


@pytest.fixture(autouse=True)
def files_of_this_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Sentences are asserted; a page test before may have left its language behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def matched(newsletter: ContactList) -> Importer:
    """An import of some content into the newsletter, columns matched and terms stated, not started."""

    def make(content: str | bytes, *, tracking: int = ConsentState.UNKNOWN, name: str = "people.csv") -> ContactImport:
        octets = content.encode() if isinstance(content, str) else content
        job, _facts = open_file(file=ContentFile(octets), file_name=name, user=None)
        match_columns(job=job, mapping=job.mapping)
        if job.kind == ContactImport.Kind.PEOPLE:
            state_consent(
                job=job, contact_list=newsletter, consent_source="Old CRM, double opt-in", tracking_consent=tracking
            )
        return job

    return make


@pytest.fixture
def release(matched: Importer) -> Importer:
    """The same, ready for whoever runs it."""

    def make(content: str | bytes, **words: Any) -> ContactImport:
        job = matched(content, **words)
        start_import(job=job)
        return job

    return make


@pytest.fixture
def run(release: Importer) -> Importer:
    """The same, run to its end."""

    def make(content: str | bytes, **words: Any) -> ContactImport:
        done = run_import(release(content, **words).pk)
        assert done is not None
        return done

    return make


@pytest.fixture
def tried(matched: Importer) -> Importer:
    """A dry run, to its end."""

    def make(content: str | bytes, **words: Any) -> ContactImport:
        job = matched(content, **words)
        start_trial(job=job)
        done = try_import(job.pk)
        assert done is not None
        return done

    return make


def workbook(*rows: Sequence[object]) -> bytes:
    """An XLSX file of these rows."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(list(row))
    octets = io.BytesIO()
    book.save(octets)
    return octets.getvalue()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return octets.getvalue()


def counts(job: ContactImport) -> tuple[int, int, int, int]:
    """New, changed, unchanged, refused."""
    return job.created_count, job.changed_count, job.unchanged_count, job.refused_count
