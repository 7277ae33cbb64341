"""The shell in a real browser: every component under the page's policy, with and without the light on."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from tests.browser import SIZES, barriers, complaints, context_of, missing_icons, overflow
from tests.shell.conftest import sign_in

ARTIFACTS = Path(__file__).parent.parent / "artifacts" / "shell"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("with_gallery", "organisation")]


@pytest.fixture
def gallery(browser: Browser, live_server: LiveServer, ines: User) -> Any:
    """Opens the gallery as Inès in a window of the wanted kind."""
    contexts = []

    def open_gallery(**kind: str) -> tuple[Page, list[str]]:
        context = context_of(browser, **kind)
        contexts.append(context)
        sign_in(context, live_server.url, ines)
        page = context.new_page()
        said = complaints(page)
        page.goto(f"{live_server.url}/design/")
        page.wait_for_selector("html[data-charts=ready]")
        return page, said

    yield open_gallery
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_gallery_has_no_barrier_at_any_size_and_keeps_to_its_policy(gallery: Any, theme: str) -> None:
    page, said = gallery(theme=theme)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=ARTIFACTS / f"gallery-{size}-{theme}.png", full_page=True)

        assert barriers(page) == [], size
        assert overflow(page) == 0, size
    assert missing_icons(page) == set()
    assert said == []


def test_theme_follows_the_system_until_chosen_and_is_there_before_the_first_paint(gallery: Any) -> None:
    page, _ = gallery(theme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

    page.locator("details.ev-menu > summary").click()
    page.locator(".ev-menu__list [data-theme-toggle]").click()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    assert 'data-bs-theme="light"' in page.request.get(page.url).text()  # the server writes it: no script, no flash


def test_slash_goes_to_the_search_and_is_a_letter_inside_it(gallery: Any) -> None:
    page, _ = gallery()
    page.keyboard.press("/")
    field = page.locator("input[type=search]:focus")

    field.press_sequentially("a/b")

    expect(field).to_have_value("a/b")


def test_menu_on_a_phone_opens_by_keyboard_and_closes_with_escape(gallery: Any) -> None:
    page, _ = gallery(size="phone")
    menu = page.locator("#menu")
    expect(menu).to_be_hidden()

    page.get_by_role("button", name="Menu", exact=True).focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link", name="Settings")).to_be_visible()
    assert barriers(page) == []

    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def test_choosing_rows_shows_the_bar_with_their_number(gallery: Any) -> None:
    page, _ = gallery()
    bar = page.locator("[data-bulk]")
    expect(bar).to_be_hidden()

    page.get_by_label("Choose camille.roux@courriel.example").check()
    expect(bar).to_contain_text("1")
    assert page.locator("[data-all]").evaluate("box => box.indeterminate")

    page.locator("[data-all]").check()
    expect(bar.locator("[data-count]")).to_have_text("4")


def test_a_question_keeps_the_focus_and_escape_means_no(gallery: Any) -> None:
    page, _ = gallery()
    opener = page.get_by_role("button", name="Create a campaign")
    opener.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert barriers(page) == []

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_a_stranger_have_no_barrier(browser: Browser, live_server: LiveServer, theme: str) -> None:
    context = context_of(browser, size="phone", theme=theme, language="fr")
    page = context.new_page()
    said = complaints(page)
    for path in (
        "/design/public/",
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/reset/key/1-x/",
        "/nothing/",
    ):
        page.goto(live_server.url + path)

        assert page.locator("html").get_attribute("lang") == "fr", path
        assert barriers(page) == [], path
        assert overflow(page) == 0, path
    assert [text for text in said if "404" not in text] == []
    context.close()


def test_sign_in_says_what_is_wrong_then_lets_in_and_the_language_can_be_chosen(
    browser: Browser, live_server: LiveServer, ines: User, organisation: Organisation
) -> None:
    context = context_of(browser, language="fr")
    page = context.new_page()
    page.goto(f"{live_server.url}/settings/me/")
    page.get_by_role("button", name="English").click()
    page.locator("[name=login]").fill(ines.email)
    page.get_by_label("Password").fill("wrong horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()

    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="My details")).to_be_visible()
    context.close()
