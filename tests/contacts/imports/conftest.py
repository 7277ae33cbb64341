from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from contacts.imports import match_columns, open_file, run_import, start_import
from contacts.models import ConsentState, ContactImport, ContactList

Importer = Callable[..., ContactImport]


@pytest.fixture(autouse=True)
def files_of_this_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def release(newsletter: ContactList) -> Importer:
    """An import of some content into the newsletter, ready for whoever runs it."""

    def make(content: str | bytes, *, tracking: int = ConsentState.UNKNOWN, name: str = "people.csv") -> ContactImport:
        octets = content.encode() if isinstance(content, str) else content
        job, _facts = open_file(file=ContentFile(octets), file_name=name, user=None)
        match_columns(job=job, mapping=job.mapping)
        start_import(
            job=job, contact_list=newsletter, consent_source="Old CRM, double opt-in", tracking_consent=tracking
        )
        return job

    return make


@pytest.fixture
def run(release: Importer) -> Importer:
    """The same, run to its end."""

    def make(content: str | bytes, *, tracking: int = ConsentState.UNKNOWN) -> ContactImport:
        done = run_import(release(content, tracking=tracking).pk)
        assert done is not None
        return done

    return make
