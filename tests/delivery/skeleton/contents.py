"""Contents and messages for the tests of the skeleton: real rows, Maison Verdier writing to its customers."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from delivery.models import Content, Mailing, Message, Provider
from delivery.skeleton import record_links

AT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
FULL, HYGIENE_FULL, AGGREGATE, NONE = 0b1111, 0b1110, 0b0101, 0
MakeContent = Callable[..., Content]


def make_content(html: str = "<p>Bonjour</p>", **changes: Any) -> Content:
    provider, _ = Provider.objects.get_or_create(name="test inbox")
    mailing_fields = {"public_url": "https://mail.verdier.example", "tracking_url": "https://t.verdier.example"}
    mailing = Mailing.objects.create(
        name="Lin",
        provider=provider,
        occasion=1,
        audience=changes.pop("audience", {"lists": [7]}),
        policy="france",
        organisation={"name": "Maison Verdier & fils", "address": "12 rue Mercière\n69002 Lyon"},
        starts_at=AT,
        **mailing_fields | changes.pop("mailing", {}),
    )
    fields = {
        "subject": "Le lin lavé",
        "sender_name": "Maison Verdier",
        "sender_address": "bonjour@verdier.example",
        "language": "fr",
    }
    content = Content.objects.create(mailing=mailing, html=html, **fields | changes)
    record_links(content)
    return content


def make_message(content: Content, **changes: Any) -> Message:
    """Not saved: filling reads the row only."""
    contact = changes.pop("contact", {"first_name": "Camille", "city": "Lyon"})
    fields = {
        "pk": 70_000_001,
        "mailing": content.mailing,
        "content": content,
        "occasion": 1,
        "address": "camille@exemple.example",
        "tracking": FULL,
        "vars": {"contact": contact, "list": {"id": 7, "name": "Nouvelles"}},
    }
    return Message(**fields | changes)
