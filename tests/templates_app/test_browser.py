"""The editor as a person uses it: types, sees what is wrong and what it looks like, saves."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from contacts.services import add_contact
from templates_app.models import Template
from templates_app.services import create_template
from templates_app.starters import starter_source
from tests.browser import complaints, context_of
from tests.shell.conftest import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("organisation")]


@pytest.fixture
def template(ines: User) -> Template:
    add_contact(address="camille@exemple.example", first_name="Camille", last_name="Roux")
    create_template(name="Invitation", source=starter_source("announcement", "en"), language="en", user=ines)
    create_template(name="Letter", source=starter_source("letter", "en"), language="en", user=ines)
    return create_template(
        name="Spring newsletter", source=starter_source("newsletter", "en"), language="en", user=ines
    )


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, ines: User) -> Iterator[Page]:
    context = context_of(browser)
    sign_in(context, live_server.url, ines)
    yield context.new_page()
    context.close()


def test_typing_checks_previews_and_saves(page: Page, live_server: LiveServer, template: Template) -> None:
    said = complaints(page)
    page.goto(f"{live_server.url}/templates/{template.pk}/")
    source = page.locator(".cm-content")
    shown = page.frame_locator("[data-frame]")
    expect(shown.get_by_text("Hello Camille,")).to_be_visible()

    source.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("<oops>")
    expect(page.locator("[data-problems]")).to_contain_text("HTML such as <oops> belongs in mj-text")
    expect(page.locator("[data-state]")).to_contain_text("not saved yet")
    expect(page.locator("#checks")).to_contain_text("cannot be saved")

    page.keyboard.press("Control+Shift+k")
    page.keyboard.press("Control+Home")
    expect(page.locator("#checks")).not_to_contain_text("cannot be saved")
    page.get_by_role("button", name="Computer").click()
    page.get_by_role("button", name="Dark").click()
    expect(shown.get_by_text("Hello Camille,")).to_be_visible()
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".ev-toast")).to_contain_text("Saved.")
    assert said == []


def test_without_script_the_source_is_a_text_field(
    browser: Browser, live_server: LiveServer, ines: User, template: Template
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    sign_in(context, live_server.url, ines)
    page = context.new_page()
    page.goto(f"{live_server.url}/templates/{template.pk}/")
    area = page.locator("textarea[name=source]")

    area.fill(area.input_value().replace("The main story", "Without any script"))
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.frame_locator("[data-frame]").get_by_text("Without any script")).to_be_visible()
    page.get_by_role("button", name="Save").click()

    template.refresh_from_db()
    assert template.current is not None
    assert "Without any script" in template.current.source
    context.close()
