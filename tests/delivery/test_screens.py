"""Screens of sending in a real browser: sizes, themes, languages, axe, policy, and pictures to look at."""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from accounts.models import Organisation, User
from contacts.models import ContactList
from deliverability.models import SendingDomain
from delivery.alignment.findings import Code, Finding, to_json
from delivery.models import (
    Alignment,
    Attempt,
    Cause,
    Mailing,
    Outage,
    Outcome,
    Provider,
    Stream,
    StreamLimit,
    StreamProvider,
)
from delivery.services import drive, ensure_catcher, plan_mailing
from delivery.streams import default_stream, ensure_streams
from tests.browser import barriers, browser, complaints, context_of, missing_icons, overflow
from tests.delivery.conftest import MakePeople, order
from tests.shell.conftest import sign_in
from tests.smtp import SmtpServer

__all__ = ["browser"]

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PICTURES = Path(__file__).parent.parent / "artifacts" / "delivery"
LOOKS = [("desktop", "light", "en"), ("phone", "dark", "fr")]


def some_providers(server: SmtpServer) -> Provider:
    ensure_catcher()
    relay = Provider.objects.create(
        name="Serveur maison", kind="smtp", options={"host": "127.0.0.1", "port": server.port, "tls": "none"},
        tested_at=timezone.now(), connection_count=1,
    )  # fmt: skip
    Provider.objects.create(
        name="Brevo", kind="brevo", credentials={"api_key": "x"}, tested_at=timezone.now(),
        test_error='{"message":"Key not found","code":"unauthorized"}',
    )  # fmt: skip
    Provider.objects.create(name="Mailgun, région UE", kind="mailgun", credentials={"api_key": "x"})
    return relay


def a_stream_that_fails_over() -> int:
    """Brevo out of order, Mailgun next and not confirmed for one of two domains; the stream's number."""
    stream, now = default_stream(Stream.Kind.MARKETING), timezone.now()
    for position, name in enumerate(("Brevo", "Mailgun, région UE")):
        StreamProvider.objects.create(stream=stream, provider=Provider.objects.get(name=name), position=position)
    Outage.objects.create(
        provider=Provider.objects.get(name="Brevo"), cause=Cause.ACCOUNT, words='{"code":"unauthorized"}',
        struck_at=now, began_at=now, try_at=now,
    )  # fmt: skip
    shop, _ = [SendingDomain.objects.create(name=name) for name in ("boutique.example", "maison-verdier.example")]
    Alignment.objects.create(
        domain=shop, provider=Provider.objects.get(name="Mailgun, région UE"), confirmed_at=now
    )  # fmt: skip
    StreamLimit.objects.create(stream=stream, unit=StreamLimit.Unit.HOUR, amount=20_000)
    ensure_streams()
    return stream.pk


def a_domain_at_two_accounts(relay: Provider) -> dict[str, str]:
    """At Brevo one record of two is there; what the relay signs with nobody has said."""
    domain = SendingDomain.objects.create(name="maison-verdier.fr")
    good = Finding(Code.KEY_GOOD, "brevo1._domainkey.maison-verdier.fr", "CNAME", "b1.maison-verdier-fr.dkim.brevo.com",
                   bits=2048)  # fmt: skip
    gone = Finding(Code.KEY_MISSING, "brevo2._domainkey.maison-verdier.fr", "CNAME",
                   "b2.maison-verdier-fr.dkim.brevo.com")  # fmt: skip
    dmarc = Finding(Code.DMARC_MISSING, "_dmarc.maison-verdier.fr", "TXT", "v=DMARC1; p=none")
    brevo = Provider.objects.get(name="Brevo")
    for provider, state, found in (
        (brevo, Alignment.State.REFUSED, [good, gone, dmarc]),
        (relay, Alignment.State.OPEN, [Finding(Code.SELECTOR_UNKNOWN), dmarc]),
    ):
        Alignment.objects.create(
            domain=domain, provider=provider, state=state, findings=to_json(found), answered_at=timezone.now(),
        )  # fmt: skip
    return {
        "alignments": f"/providers/{brevo.pk}/domains/",
        "domain": f"/domains/{domain.pk}/",
        "alignment": f"/providers/{brevo.pk}/domains/{domain.pk}/",
        "alignment-open": f"/providers/{relay.pk}/domains/{domain.pk}/",
    }


@pytest.fixture
def addresses(
    organisation: Organisation, clients: ContactList, make_people: MakePeople, server: SmtpServer
) -> dict[str, str]:
    """Pages worth looking at, each with something true on it."""
    relay = some_providers(server)
    make_people(12)
    mailing: Mailing = plan_mailing(order(clients, relay))
    server.moods += ["yes", "yes", "yes", "yes", "no"]
    drive(mailing.pk, report=lambda numbers: None)
    refused = Outcome.objects.get(state=Outcome.State.REFUSED)
    doubt = Outcome.objects.filter(state=Outcome.State.ACCEPTED).order_by("pk")[3]
    Outcome.objects.filter(pk=doubt.pk).update(state=Outcome.State.UNKNOWN, reason=61, reply="connection reset by peer")
    Attempt.objects.create(
        message_id=doubt.pk, claim=1, round=0, phase=2, code=451, at=timezone.now(),
        reply="451 4.7.1 Greylisted, please try again in 300 seconds",
    )  # fmt: skip
    return {
        **a_domain_at_two_accounts(relay),
        "streams": "/streams/",
        "stream": f"/streams/{a_stream_that_fails_over()}/",
        "providers": "/providers/",
        "kinds": "/providers/new/",
        "new": "/providers/new/smtp/",
        "settings": f"/providers/{relay.pk}/",
        "refused": f"/messages/{refused.pk}/",
        "doubt": f"/messages/{doubt.pk}/",
        "test-send": "/test-send/",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_pages_in_a_browser(
    browser: Browser,
    live_server: LiveServer,
    olivier: User,
    addresses: dict[str, str],
    size: str,
    theme: str,
    language: str,
) -> None:
    User.objects.filter(pk=olivier.pk).update(language=language)
    context = context_of(browser, size=size, theme=theme, language=language)
    sign_in(context, live_server.url, olivier)
    page = context.new_page()
    said = complaints(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, address in addresses.items():
        page.goto(live_server.url + address)
        page.screenshot(path=PICTURES / f"{name}-{size}-{theme}-{language}.png", full_page=True)
        assert overflow(page) == 0, name
        if name != "test-send":  # a panel, shown inside other pages: alone it has no title and no icon
            assert barriers(page) == [], name
            assert missing_icons(page) == set(), name
            assert said == [], name
    context.close()
