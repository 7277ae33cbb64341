"""A browser, and an installation that runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser, chromium
from tests.journey.installation import ROOT, Installation, running

__all__ = ["browser"]


@pytest.fixture(scope="session", autouse=True)
def a_browser_where_it_must_be() -> None:
    """In CI a journey that was not made is a failure, not a skip."""
    if os.environ.get("CI") and chromium() is None:
        pytest.fail("no browser found: the journey must be made where CI is set")


@pytest.fixture
def artifacts() -> Path:
    """Where screenshots and logs are left to be looked at: tests/artifacts/journey."""
    folder = ROOT / "tests" / "artifacts" / "journey"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def installation(
    transactional_db: None, artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    # Playwright's loop runs in this thread, and Django would refuse to flush the database beside it
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with running(tmp_path, artifacts) as found:
        yield found
