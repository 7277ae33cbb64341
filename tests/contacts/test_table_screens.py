"""The contact table in a real browser: a filter put together, everybody chosen, a change started; and its screens."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from contacts.bulk import run_change
from contacts.models import BulkChange, Contact, ContactField, ContactTag
from contacts.services import add_contact, create_field, tag_contact
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "contacts"
LOOKS = [("desktop", "light", "en"), ("phone", "dark", "fr")]


@pytest.fixture
def size(camille: Contact, organisation: Organisation) -> ContactField:
    """Camille wears S and carries a tag; Léa wears M."""
    made = create_field(
        label="Taille", key="size", kind=ContactField.Kind.CHOICE, options=["S", "M", "L"], is_fast=True
    )
    lea = add_contact(address="lea@courriel.example", first_name="Léa", fields={str(made.pk): "M"})
    Contact.objects.filter(pk=camille.pk).update(fields={str(made.pk): "S"})
    tag_contact(contact=lea, name="Boutique")
    return made


@pytest.mark.django_db(transaction=True)
def test_filter_is_put_together_and_everybody_it_finds_is_tagged(
    live_server: LiveServer, browser: Browser, ines: User, size: ContactField
) -> None:
    context = context_of(browser)
    sign_in(context, live_server.url, ines)
    page = context.new_page()
    said = complaints(page)
    page.goto(f"{live_server.url}/contacts/")
    page.click("[data-opens=filter]")
    page.select_option("#rule-on", label="Taille")
    page.check("input[name=value][value=S]")
    page.click("dialog[open] button[type=submit]")
    expect(page.locator(".ev-chip")).to_contain_text("Taille: is S")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.check("[data-all]")
    page.click("button[name=action][value=tag]")
    expect(page.locator(".ev-key")).to_contain_text("1 contact")
    page.fill("input[name=to-tag]", "Petite taille")
    page.click("form[method=post] >> text=Start")
    expect(page.locator("progress")).to_be_visible()
    run_change(BulkChange.objects.get().pk)
    expect(page.locator("#bulk")).to_contain_text("Done.")
    context.close()

    assert ContactTag.objects.get(tag__name="Petite taille").contact.first_name == "Camille"
    assert said == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size_of_screen", "theme", "language"), LOOKS)
def test_screens_in_a_browser(
    live_server: LiveServer,
    browser: Browser,
    ines: User,
    size: ContactField,
    size_of_screen: str,
    theme: str,
    language: str,
) -> None:
    User.objects.filter(pk=ines.pk).update(language=language)
    context = context_of(browser, size=size_of_screen, theme=theme, language=language)
    sign_in(context, live_server.url, ines)
    page = context.new_page()
    said = complaints(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = {}
    addresses = {
        "table": f"/contacts/?f=field:{size.pk}~any~S~M&f=tag~none~0",
        "fields": "/contacts/fields/",
        "field": f"/contacts/fields/{size.pk}/",
        "tags": "/contacts/tags/",
        "change": "/contacts/bulk/new/?action=subscribe&everybody=1",
    }
    for name, address in addresses.items():
        page.goto(f"{live_server.url}{address}")
        if name == "table":
            page.check("[data-all]")
        page.screenshot(path=PICTURES / f"{name}-{size_of_screen}-{theme}-{language}.png", full_page=True)
        found[name] = (barriers(page), overflow(page), missing_icons(page))
    context.close()

    assert {name: what for name, what in found.items() if what != ([], 0, set())} == {}
    assert said == []
