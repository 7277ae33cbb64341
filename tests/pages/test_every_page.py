"""Every page there is, in a real browser, with everything on it: no barrier, nothing too wide, no word left over."""

import os
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from contacts.models import Contact
from sample.services import load
from tests.access.table import ROUTES
from tests.browser import browser, complaints, context_of, faults
from tests.pages.words import strangers
from tests.pages.world import Addresses, a_full_world
from tests.sample.conftest import small, test_inbox
from tests.shell.conftest import sign_in

__all__ = ["browser", "small", "test_inbox"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "pages"
# no pages: parts of one, files, messages as their readers see them, doors that lead elsewhere or answer programs
NO_PAGES = {
    "sample:panel", "analytics:sending", "analytics:absence", "analytics:healthz", "catcher:body", "catcher:download",
    "contacts:count", "contacts:filter_rule", "contacts:field_count", "contacts:export_file", "contacts:import_refused",
    "contacts:merge_with", "contacts:forecast", "contacts:proof", "feedback:pixel", "feedback:click",
    "feedback:webhook", "feedback:why", "delivery:list_mail", "delivery:test_send", "delivery:view",
    "campaigns:show", "campaigns:preview", "campaigns:reach", "campaigns:forecast", "campaigns:message",
    "campaigns:export", "transactional:api_message", "templates:starter", "templates:readers",
    "templates:version",
}  # fmt: skip
QUERIES = {
    "analytics:home": ("", "?days=90"),
    "analytics:search": ("?q=lin",),
    "contacts:list": ("", "?q=roux&f=tag~none~0"),
    "contacts:new_bulk": ("?action=tag&everybody=1", "?action=subscribe&everybody=1"),
    "contacts:confirm": ("?language={language}",),
    "delivery:finder": ("?q=nobody",),
}
PAGES = sorted(name for name, row in ROUTES.items() if "GET" in row.methods and name not in NO_PAGES)
# pages of a library in our frame
LIBRARY = ["account_change_password", "account_email", "mfa_index", "account_reset_password"]


@pytest.fixture
def addresses(
    organisation: Organisation, test_inbox: int, small: None, olivier: User, live_server: LiveServer, settings: Settings
) -> Addresses:
    settings.ENVOL_URL = settings.TRACKING_URL = live_server.url
    load(now=timezone.now(), say=lambda _words: None)
    return a_full_world(olivier, now=timezone.now())


def paths(addresses: Addresses, language: str) -> list[str]:
    unknown = [name for name in PAGES if ROUTES[name].args and name not in addresses]
    assert not unknown, f"tests/pages/world.py must say where {unknown} are, or NO_PAGES that they are none"
    return [
        reverse(name, args=args) + query.format(language=language)
        for name in [*PAGES, *LIBRARY]
        for args in addresses.get(name, [()])
        for query in QUERIES.get(name, ("",))
    ]


@pytest.mark.journey
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language"), [("desktop", "light", "en"), ("phone", "dark", "fr")])
def test_every_page(
    browser: Browser, live_server: LiveServer, olivier: User, addresses: Addresses, size: str, theme: str, language: str
) -> None:
    User.objects.filter(pk=olivier.pk).update(language=language)
    Contact.objects.update(language=language)
    context = context_of(browser, size=size, theme=theme, language=language)
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    sign_in(context, live_server.url, olivier)
    page = context.new_page()
    said = complaints(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = []
    for number, path in enumerate(paths(addresses, language)):
        wrong = wrongs(page, live_server.url + path, language, said)
        found += [f"{path}: {words}" for words in wrong]
        if wrong:
            page.screenshot(path=PICTURES / f"{number}-{size}-{theme}-{language}.png", full_page=True)
    context.close()

    assert not found, "\n".join(["", *found])


def wrongs(page: Page, address: str, language: str, said: list[str]) -> list[str]:
    answer = page.goto(address)
    assert answer is not None
    foreign = strangers(page, language=language)
    told = [*said]
    said.clear()
    return [
        *([f"answered {answer.status}"] if answer.status != 200 else []),
        *([f"sent to {page.url}"] if page.url != address else []),
        *([f"speaks {spoken}"] if (spoken := page.locator("html").get_attribute("lang")) != language else []),
        *(f"left over: {text}" for text in foreign),
        *faults(page),
        *told,
    ]
