"""Screens of consent in a real browser: sizes, themes, languages, axe, policy, and pictures to look at."""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from common import tokens
from contacts.models import Confirmation, Contact, ContactList, SubscribeForm
from contacts.services import Posted, Witness, post_form, request_own
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "consent"
LOOKS = [("desktop", "light", "en"), ("tablet", "dark", "fr"), ("phone", "light", "fr")]
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


@pytest.fixture
def addresses(form: SubscribeForm, newsletter: ContactList, camille: Contact) -> dict[str, str]:
    """Pages worth looking at, each with something true on it."""
    now = timezone.now()
    post_form(form=form, posted=Posted(address="lea@courriel.example", language="fr"), witness=Witness(at=now))
    asked = Confirmation.objects.get()
    post_form(form=form, posted=Posted(address="nils@courriel.example", language="fr"), witness=Witness(at=now))
    old = Confirmation.objects.latest("pk")
    Confirmation.objects.filter(pk=old.pk).update(expires_at=now)
    request_own(contact=camille, kind=Confirmation.Kind.ERASURE, language="", witness=Witness(at=now))
    erasure = Confirmation.objects.latest("pk")
    return {
        "lists": "/contacts/lists/",
        "list": f"/contacts/lists/{newsletter.pk}/",
        "forms": "/contacts/forms/",
        "builder": f"/contacts/forms/{form.pk}/",
        "new-form": "/contacts/forms/new/",
        "subscribe": "/s/maison/",
        "no-form": "/s/nothing/",
        "confirm": f"{link(asked)}?language=",
        "expired": f"{link(old)}?language=",
        "erase": f"{link(erasure)}?language=",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_screens_in_a_browser(
    live_server: LiveServer,
    browser: Browser,
    ines: User,
    addresses: dict[str, str],
    size: str,
    theme: str,
    language: str,
) -> None:
    User.objects.filter(pk=ines.pk).update(language=language)
    Contact.objects.update(language=language)
    context = context_of(browser, size=size, theme=theme, language=language)
    sign_in(context, live_server.url, ines)
    page = context.new_page()
    said = complaints(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, address in addresses.items():
        address = f"{address}{language}" if address.endswith("language=") else address
        page.goto(f"{live_server.url}{address}", wait_until="networkidle")
        if name == "no-form":
            said.clear()  # the browser reports the 404 itself
        page.screenshot(path=PICTURES / f"{name}-{size}-{theme}-{language}.png", full_page=True)
        found[name] = (barriers(page), overflow(page), missing_icons(page))
    context.close()

    assert {name: what for name, what in found.items() if what != ([], 0, set())} == {}
    assert said == []


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
