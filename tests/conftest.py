"""Fixtures of all tests, and the order they run in."""

import pytest

from tests.database import django_db_setup
from tests.fixtures import (
    admin_client,
    english,
    ines,
    no_old_statements,
    no_place,
    olivier,
    organisation,
    team_client,
)

__all__ = [
    "admin_client",
    "django_db_setup",
    "english",
    "ines",
    "no_old_statements",
    "no_place",
    "olivier",
    "organisation",
    "team_client",
]

_LONG = ("journey", "kill")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The minute-long ones first: shared among processes, none of them is begun when the others have nothing left."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in _LONG))
