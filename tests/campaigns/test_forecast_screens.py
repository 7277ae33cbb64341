"""The page before sending tells another end as soon as another rhythm is chosen, in a real browser."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from campaigns.models import Campaign
from contacts.models import Contact
from deliverability.models import Sender, WarmupPlan
from deliverability.warmup import plans
from delivery.models import Limit, Provider
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "campaigns"
LOOKS = [("phone", "dark", "fr")]


@pytest.fixture
def limited(campaign: Campaign, people: list[Contact], sender: Sender, ines: User) -> Campaign:
    """Two people an hour, and Gmail warming up."""
    campaign.provider = Provider.objects.create(name="Relais", options={"host": "127.0.0.1", "port": 25})
    campaign.save()
    Limit.objects.create(provider=campaign.provider, unit=Limit.Unit.HOUR, amount=2)
    [plan] = plans.start(domain=sender.domain, groups=[1], user=ines, today=datetime.now(UTC).date())
    WarmupPlan.objects.filter(pk=plan.pk).update(ceilings=[50, 100])
    return campaign


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_another_rhythm_is_another_end(
    browser: Browser, live_server: LiveServer, olivier: User, limited: Campaign, size: str, theme: str, language: str
) -> None:
    User.objects.filter(pk=olivier.pk).update(language=language)
    context = context_of(browser, size=size, theme=theme, language=language)
    sign_in(context, live_server.url, olivier)
    context.route("https://shop.example/**", lambda route: route.fulfill(body=""))  # the picture in the message
    page = context.new_page()
    said = complaints(page)
    page.goto(f"{live_server.url}/campaigns/{limited.pk}/review/")
    before = page.locator("#ends").inner_text()
    expect(page.locator("#forecast")).to_contain_text("Relais")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"forecast-{size}-{theme}-{language}.png", full_page=True)

    page.locator("#id_pace_hours").select_option("48")
    expect(page.locator("#forecast")).to_contain_text("48")
    assert page.locator("#ends").inner_text() != before

    page.screenshot(path=PICTURES / f"forecast-48-{size}-{theme}-{language}.png", full_page=True)
    assert overflow(page) == 0
    assert barriers(page) == []
    assert missing_icons(page) == set()
    assert said == []
    context.close()
