"""People and clients that tests of every app share; registered in tests/conftest.py."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import reset_queries
from django.test import Client
from django.utils import translation

from accounts.models import Organisation, User
from delivery.ledger import places


@pytest.fixture(autouse=True)
def no_place() -> None:
    """What a test before wrote about this process was rolled back."""
    places.forget()


@pytest.fixture(autouse=True)
def no_old_statements() -> None:
    """Django keeps nine thousand of those that were counted: where the log is full, a further one counts nothing."""
    reset_queries()


@pytest.fixture(autouse=True)
def english() -> None:
    """A page asked for in French leaves its language to the thread: each test begins in ours."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def organisation(db: None) -> Organisation:
    row, _ = Organisation.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Maison Verdier",
            "address": "12 rue Mercière, 69002 Lyon",
            "set_up_at": datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
        },
    )
    return row


@pytest.fixture
def ines(db: None) -> User:
    """Inès, of the marketing team: signed in, no administrator."""
    return User.objects.create_user("ines@maison-verdier.example", "correct horse", name="Inès Laurent", language="en")


@pytest.fixture
def olivier(db: None) -> User:
    """Olivier, administrator."""
    return User.objects.create_superuser("olivier@maison-verdier.example", "correct horse", name="Olivier Marchetti")


@pytest.fixture
def team_client(organisation: Organisation, ines: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(ines, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def admin_client(organisation: Organisation, olivier: User) -> Client:
    client = Client()
    client.force_login(olivier, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
