"""What is kept of a person who asked to be forgotten, and what they are told is kept."""

from typing import Any

from contacts.models import Contact
from transactional.models import MessageRequest

ERASED = "The person asked to be forgotten."  # instead of a message that was not written yet


def empty_requests(contact: Contact) -> None:
    """The row and its number stay, so that the caller's software still gets an answer; the person goes."""
    mine = MessageRequest.objects.filter(address_key=contact.address_key)
    mine.filter(message_id=None, error="").update(error=ERASED)
    mine.update(address="", address_key="", variables={}, subject="", html="")


def known_requests(contact: Contact) -> tuple[str, list[dict[str, Any]]]:
    rows = MessageRequest.objects.filter(address_key=contact.address_key).order_by("id")
    return "requested_messages", [
        {"id": str(row.uuid), "received_at": row.received_at.isoformat(), "variables": row.variables} for row in rows
    ]
