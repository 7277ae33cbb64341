"""The contact table in a real browser: a filter put together, everybody chosen, a change started."""

import os

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from contacts.bulk import run_change
from contacts.models import BulkChange, Contact, ContactField, ContactTag
from contacts.services import add_contact, create_field, tag_contact
from tests.browser import browser, complaints, context_of
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


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
