import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from pytest_django import Settings

from accounts.models import User
from tests.browser import browser

__all__ = ["browser"]

TEMPLATES = Path(__file__).parent / "templates"

# Playwright keeps an event loop in the test's thread; the database is used from that thread only.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def with_gallery(settings: Settings) -> None:
    """Routes /design/, the page of every component."""
    settings.ROOT_URLCONF = "tests.shell.urls"
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], TEMPLATES]}]


def sign_in(context: BrowserContext, address: str, user: User) -> None:
    """Gives a browser the session of somebody."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address}])
