"""The live page of a campaign with stopped, slowed and watched shares, in a real browser."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from campaigns.models import Campaign
from contacts.models import Contact
from delivery.models import Brake
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.campaigns.ledgers import sent
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "campaigns"
LOOKS = [("desktop", "light", "fr"), ("phone", "dark", "en")]


@pytest.fixture
def address(campaign: Campaign, people: list[Contact]) -> str:
    found = sent(campaign, people, [{}, {}, {}], state="sending")
    assert found.mailing
    for group, values in (
        (1, {"state": Brake.State.STOPPED, "kind": Brake.Kind.HARD_BOUNCES, "value": 0.0482, "limit": 0.02}),
        (3, {"state": Brake.State.SLOWED, "kind": Brake.Kind.DEFERRALS, "value": 0.137, "limit": 0.1}),
        (4, {"wave_done_at": datetime.now(UTC)}),
        (6, {"wave_done_at": datetime.now(UTC)}),
    ):
        Brake.objects.create(mailing=found.mailing, mx_group=group, wave_size=100, **values)
    return f"/campaigns/{found.pk}/live/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_shares_on_the_live_page(
    browser: Browser, live_server: LiveServer, olivier: User, address: str, size: str, theme: str, language: str
) -> None:
    User.objects.filter(pk=olivier.pk).update(language=language)
    context = context_of(browser, size=size, theme=theme, language=language)
    sign_in(context, live_server.url, olivier)
    page = context.new_page()
    said = complaints(page)
    page.goto(live_server.url + address)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"shares-{size}-{theme}-{language}.png", full_page=True)

    assert page.locator("form[action$='give-up/']").count() == 1
    assert overflow(page) == 0
    assert barriers(page) == []
    assert missing_icons(page) == set()
    assert said == []
    context.close()
