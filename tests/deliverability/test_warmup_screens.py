"""Warm-ups and limits in a real browser: nothing overflows, no barrier, no complaint of the console."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from deliverability.models import SendingDomain, WarmupDay, WarmupPlan
from deliverability.warmup import plans
from deliverability.warmup.judging import Signs, decide
from delivery.models import Limit, Provider
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "deliverability"
# Two pages each: what is new of a look shows on either.
LOOKS = [("desktop", "light", "fr", slice(0, 2)), ("phone", "dark", "en", slice(2, 4))]


@pytest.fixture
def addresses(organisation: Organisation) -> list[str]:
    now = datetime.now(UTC)
    domain = SendingDomain.objects.create(name="lettre.maison-verdier.example")
    SendingDomain.objects.create(name="atelier-verdier.example")
    made = plans.start(domain=domain, groups=[1, 2, 4, 0], user=None, today=now.date() - timedelta(days=1))
    for plan in made:
        day = now.date() - timedelta(days=1)
        WarmupDay.objects.create(plan=plan, on=day, ceiling=plan.ceiling, reserved_count=plan.ceiling)
        decide(plan, Signs(sent=90, deferred=30 if plan.mx_group == 4 else 0), on=day, judged_to=day, now=now)
    plans.keep(WarmupPlan.objects.get(mx_group=2), user=None)
    provider = Provider.objects.create(name="Relay", options={"host": "127.0.0.1", "port": 25, "is_direct": True})
    Limit.objects.create(provider=provider, mx_group=1, unit=Limit.Unit.DAY, amount=40_000)
    orange = WarmupPlan.objects.get(mx_group=4)
    return ["/warmups/", f"/warmups/{orange.pk}/", f"/providers/{provider.pk}/limits/",
            f"/providers/{provider.pk}/limits/1/"]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language", "which"), LOOKS)
def test_pages_of_warm_ups_and_limits(
    size: str, theme: str, language: str, which: slice, browser: Browser, live_server: LiveServer, olivier: User,
    addresses: list[str],
) -> None:  # fmt: skip
    User.objects.update(language=language)
    window = context_of(browser, size=size, theme=theme, language=language)
    sign_in(window, live_server.url, olivier)
    page = window.new_page()
    said = complaints(page)
    for number, address in enumerate(addresses[which]):
        page.goto(live_server.url + address)
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{number}-{size}-{theme}-{language}.png", full_page=True)
        if address == "/warmups/":
            page.locator("button[data-opens^='start-']").first.click()
            assert page.locator("dialog[open] input[type=checkbox]:checked").count() == 10
        assert (overflow(page), missing_icons(page), barriers(page)) == (0, set(), []), address
    assert said == []
    window.close()
