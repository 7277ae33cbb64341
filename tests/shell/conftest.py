from pathlib import Path

import pytest
from pytest_django import Settings

TEMPLATES = Path(__file__).parent / "templates"


@pytest.fixture
def with_gallery(settings: Settings) -> None:
    """Routes /design/, the page of every component."""
    settings.ROOT_URLCONF = "tests.shell.urls"
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], TEMPLATES]}]
