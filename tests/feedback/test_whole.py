"""From a message as it is really made to the figures: every address in it leads where it should."""

import re
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from django.test import Client

from common import tokens
from contacts.models import Subscription
from delivery.models import Content, Message
from delivery.skeleton import record_links, skeleton_for
from feedback.models import Event
from feedback.queries import links
from feedback.rates import by_name, rates_of
from feedback.tasks import apply_pending
from tests.feedback.sent import send

pytestmark = pytest.mark.django_db
HTML = """<html><body><p>Bonjour {{ contact.first_name }}</p>
<a href="https://maison-verdier.example/soldes?a=1&amp;b=2">Voir les soldes</a>
<a href="https://maison-verdier.example/pour/{{ contact.first_name | url_encode }}">Pour vous</a>
<a href="{{ unsubscribe_url }}">Se désabonner</a> <a href="{{ preferences_url }}">Préférences</a></body></html>"""


def test_the_addresses_in_a_message_open_click_and_leave(client: Client) -> None:
    sent = send(2, kind="smtp")
    Content.objects.filter(pk=sent.content.pk).update(html=HTML)
    sent.content.refresh_from_db()
    record_links(sent.content)
    message = Message.objects.select_related("mailing", "content").get(pk=sent.messages[0])
    mail = message_from_bytes(skeleton_for(sent.content.pk).fill(message).source, policy=policy.default)
    html = mail.get_body(("html",)).get_content()
    paths = [urlsplit(url).path for url in re.findall(r'(?:href|src)="([^"]+)"', html)]
    pixel, clicks = (next(p for p in paths if p.startswith("/o/"))), [p for p in paths if p.startswith("/c/")]

    assert client.get(pixel)["Content-Type"] == "image/gif"
    assert client.get(clicks[0])["Location"] == "https://maison-verdier.example/soldes?a=1&b=2"
    assert client.get(clicks[1])["Location"] == "https://maison-verdier.example/pour/Camille"
    assert client.get(next(p for p in paths if p.startswith("/u/"))).status_code == 200
    assert client.get(next(p for p in paths if p.startswith("/p/"))).status_code == 200
    header = urlsplit(re.search(r"<(https?://[^>]+)>", mail["List-Unsubscribe"])[1]).path
    assert client.post(header, {"List-Unsubscribe": "One-Click"}).status_code == 200
    token = tokens.decode(mail["Message-ID"].strip("<>").partition("@")[0], purpose=tokens.Purpose.MESSAGE)
    assert (token.mailing, token.message) == (sent.mailing.pk, sent.messages[0])
    assert mail["X-Envol-ID"] == f"{sent.mailing.pk}.{sent.messages[0]}"

    apply_pending()

    rates = by_name(rates_of([sent.mailing.pk]))
    assert (rates["open"].numerator, rates["open"].denominator) == (1, 2)
    assert (rates["click"].numerator, rates["unsubscribe"].numerator) == (1, 1)
    assert [(row.label, row.people) for row in links(sent.mailing.pk)] == [("Voir les soldes", 1), ("Pour vous", 1)]
    assert Subscription.objects.filter(state=Subscription.State.SUBSCRIBED).count() == 1
    assert not Event.objects.filter(applied_at=None).exists()
