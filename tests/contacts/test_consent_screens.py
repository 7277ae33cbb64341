"""Joining a list in a real browser that runs no script."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation
from common import tokens
from contacts.models import Confirmation, Contact, ContactList, SubscribeForm
from tests.browser import browser

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "consent"
WORDS = {
    "fr": {
        "title": "Le lin, l’atelier, et pas plus de deux lettres par mois",
        "introduction": "31 000 lecteurs la reçoivent. On s’en va en un clic.",
        "consent": "Oui, je veux recevoir Newsletter Maison",
        "tracking": "Vous pouvez mesurer si j’ouvre vos messages",
        "button": "M’abonner",
    },
    "en": {
        "title": "Linen, the workshop, and no more than two letters a month",
        "introduction": "31,000 readers receive it. Leave in one click.",
        "consent": "Yes, I want to receive Newsletter Maison",
        "tracking": "You may measure whether I open your messages",
        "button": "Subscribe",
    },
}


@pytest.fixture
def form(newsletter: ContactList, organisation: Organisation) -> SubscribeForm:
    made = SubscribeForm.objects.create(
        name="Pied de page", slug="maison", words=WORDS, asks_tracking=True,
        fields=[{"key": "first_name", "is_required": False}],
    )  # fmt: skip
    made.lists.set([newsletter])
    return made


def link(confirmation: Confirmation) -> str:
    return f"/y/{tokens.encode(tokens.Purpose.CONFIRM, mailing=0, message=confirmation.pk)}"


@pytest.mark.django_db(transaction=True)
def test_subscribing_on_a_phone_without_script(live_server: LiveServer, browser: Browser, form: SubscribeForm) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="fr")
    page = context.new_page()
    page.goto(f"{live_server.url}/s/maison/")
    page.fill("#in-email", "lea@courriel")
    page.wait_for_timeout(2_500)
    page.click("button[type=submit]")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "subscribe-errors-phone.png", full_page=True)
    page.fill("#in-email", "lea@courriel.example")
    page.check("input[name=consent]")
    page.wait_for_timeout(2_500)
    page.click("button[type=submit]")
    page.screenshot(path=PICTURES / "look-phone.png", full_page=True)
    confirmation = Confirmation.objects.get()
    page.goto(f"{live_server.url}{link(confirmation)}")
    page.click("button[type=submit]")
    page.screenshot(path=PICTURES / "confirmed-phone.png", full_page=True)
    context.close()

    assert Contact.objects.mailable().get().address == "lea@courriel.example"
