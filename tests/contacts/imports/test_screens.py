"""Screens of imports and exports in a real browser: sizes, themes, languages, axe, policy, and pictures to look at."""

import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from contacts.exports import ask_export, run_export
from contacts.filters import EVERYBODY
from contacts.imports import open_files
from contacts.models import Contact, ContactField, ContactImport, ContactTag, Tag
from contacts.services import suppress
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.contacts.imports.conftest import Importer, zipped
from tests.shell.conftest import sign_in

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent.parent / "artifacts" / "imports"
LOOKS = [("desktop", "light", "en"), ("tablet", "dark", "fr"), ("phone", "light", "fr")]
PEOPLE = "email,first_name,last_name,city\n" + "".join(
    f"{name}@courriel.example,{name.title()},Roux,Villeurbanne\n"
    for name in ["abel", "basile", "cyrille", "diane", "elsa", "flo"]
)
WRONG = "lea@@courriel.example,Léa,,\n,Sans,Adresse,Lyon\nout@courriel.example,Nils,Berg,Lyon\n"


@pytest.fixture
def addresses(
    organisation: Organisation, run: Importer, tried: Importer, camille: Contact, ines: User
) -> dict[str, str]:
    """Pages worth looking at, each with something true on it."""
    city = ContactField.objects.create(key="city", label="Ville")
    Contact.objects.filter(pk=camille.pk).update(fields={str(city.pk): "Lyon 7e"})
    suppress(address_key="out@courriel.example", reason=23, scope=0, origin="", at=timezone.now())
    ContactTag.objects.create(tag=Tag.objects.create(name="salon-2026"), contact=camille)
    done = run("email,first_name\nanna@courriel.example,Anna\nbroken,x\n")
    checked = tried(PEOPLE + f"{camille.address},Camille,Roux-Baptiste,Villeurbanne\n" + WRONG, name="clients.csv")
    mailchimp = "Email Address,First Name,MEMBER_RATING,LEID"
    parcel = open_files(
        file=ContentFile(
            zipped(
                {
                    "subscribed_members_export.csv": f"{mailchimp}\nlea@courriel.example,Léa,2,1\n",
                    "cleaned_members_export.csv": f"{mailchimp},CLEAN_TIME\nold@courriel.example,,2,1,2024-01-01\n",
                    "notes.csv": "email,city\nb@courriel.example,Aix\n",
                }
            )
        ),
        file_name="mailchimp.zip",
        user=ines,
    )
    run_export(ask_export(tree=EVERYBODY, format="xlsx", user=ines).pk)
    ask_export(tree=EVERYBODY, format="csv", user=ines)
    undone = run("email\nzora@courriel.example\n")
    ContactImport.objects.filter(pk=undone.pk).update(state="undone", undone={"removed": 1, "kept": 0})
    return {
        "file": "/contacts/imports/new/",
        "parcel": f"/contacts/imports/{parcel[0].pk}/parcel/",
        "columns": f"/contacts/imports/{parcel[0].pk}/columns/",
        "consent": f"/contacts/imports/{checked.pk}/consent/",
        "check": f"/contacts/imports/{checked.pk}/check/",
        "changed": f"/contacts/imports/{checked.pk}/findings/changed/",
        "report": f"/contacts/imports/{done.pk}/",
        "undone": f"/contacts/imports/{undone.pk}/",
        "imports": "/contacts/imports/",
        "exports": "/contacts/exports/",
        "table": "/contacts/?tag=" + str(Tag.objects.get().pk),
        "contact": f"/contacts/{camille.pk}/",
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
    context = context_of(browser, size=size, theme=theme, language=language)
    sign_in(context, live_server.url, ines)
    page = context.new_page()
    said = complaints(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, address in addresses.items():
        page.goto(f"{live_server.url}{address}", wait_until="load")
        assert page.url == f"{live_server.url}{address}"  # nobody was sent elsewhere
        page.screenshot(path=PICTURES / f"{name}-{size}-{theme}-{language}.png", full_page=True)
        found[name] = (barriers(page), overflow(page), missing_icons(page))
    context.close()

    assert {name: what for name, what in found.items() if what != ([], 0, set())} == {}
    assert said == []
