"""In the browser, and before sending."""

import pytest

from contacts.models import Contact
from delivery.models import Message
from delivery.skeleton import Draft, preview, view_html
from tests.delivery.skeleton.contents import make_content, make_message

pytestmark = pytest.mark.django_db
HTML = '<body><p>Bonjour {{ contact.first_name }}</p><a href="https://a.example">ici</a></body>'


def test_view_in_browser_has_the_links_and_no_pixel() -> None:
    content = make_content(HTML)
    make_message(content, address_key="camille@exemple.example").save()

    html = view_html(content.mailing_id, 70_000_001)

    assert "Bonjour Camille" in html
    assert "https://t.verdier.example/c/" in html
    assert "/o/" not in html


def test_view_in_browser_needs_mailing_and_message_to_agree() -> None:
    content = make_content(HTML)
    make_message(content, address_key="camille@exemple.example").save()

    with pytest.raises(Message.DoesNotExist):
        view_html(content.mailing_id + 1, 70_000_001)


def test_a_preview_is_read_by_somebody_and_tells_nobody(organisation: object) -> None:
    draft = Draft(
        subject="Pour {{ contact.first_name }} de {{ organisation.name }}",
        html=HTML + '<a href="{{ unsubscribe_url }}">partir</a>',
        preheader="{{ contact.email }}",
    )
    found = preview(draft, contact=Contact(first_name="Zoé", address="zoe@exemple.example"))

    assert found.subject == "Pour Zoé de Maison Verdier"
    assert found.preheader == "zoe@exemple.example"
    assert 'href="https://a.example"' in found.html
    assert 'href="#"' in found.html
    assert "Bonjour Zoé" in found.text
    assert found.size > len(found.html.encode())
