"""The preference centre in a real browser, without script: sizes, themes, languages, axe, and pictures to look at."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from common.tokens import Purpose
from contacts.models import Contact, ContactList
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.feedback.sent import Sent

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "preferences"
LOOKS = [("desktop", "light", "en"), ("phone", "dark", "fr")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_pages_in_a_browser(
    live_server: LiveServer, browser: Browser, sent: Sent, size: str, theme: str, language: str
) -> None:
    ContactList.objects.create(name="Ventes privées", description="Avant tout le monde, quatre à six fois par an.")
    Contact.objects.update(language=language)
    context = context_of(browser, size=size, theme=theme, language=language)
    page = context.new_page()
    said = complaints(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = {}

    def look(name: str) -> None:
        page.screenshot(path=PICTURES / f"{name}-{size}-{theme}-{language}.png", full_page=True)
        found[name] = (barriers(page), overflow(page), missing_icons(page))

    page.goto(f"{live_server.url}/p/{sent.token(Purpose.PREFERENCES)}")
    for summary in page.locator("summary").all():
        summary.click()
    look("preferences")
    page.fill("#address", "camille@neuf.example")
    page.click("button[value=address]")
    look("asked")
    page.goto(f"{live_server.url}/t/{sent.token(Purpose.TRACKING)}")
    look("tracking")
    page.goto(f"{live_server.url}/u/{sent.token(Purpose.UNSUBSCRIBE)}")
    look("unsubscribe")
    page.click("button[value=lists]")
    look("unsubscribed")
    page.check("input[value='1']")
    page.locator("form[action$=why] button").click()
    look("thanks")
    page.goto(f"{live_server.url}/u/{sent.token(Purpose.UNSUBSCRIBE, 1)}")
    page.click("button[value=pause]")
    look("paused")
    context.close()

    assert {name: what for name, what in found.items() if what != ([], 0, set())} == {}
    assert said == []
