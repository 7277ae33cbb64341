"""What feedback keeps of one person: given out in a copy of their data, emptied when they are erased."""

from typing import Any

from django.db.models import QuerySet

from contacts.models import Contact
from delivery.rights import person_messages
from feedback.models import Event

_KEPT = 10_000  # events of one person in a copy; more than anybody has


def empty_events(contact: Contact) -> None:
    """Empty what servers and programs said of the person's messages. The events stay: they are in the figures."""
    _events(contact).exclude(details={}).update(details={})


def known_events(contact: Contact) -> tuple[str, list[dict[str, Any]]]:
    """What happened to the person's messages, oldest first, for a copy of their data."""
    rows = (
        _events(contact).order_by("at", "id").values_list("at", "kind", "mailing_id", "link_number", "details")[:_KEPT]
    )
    return "events", [
        {
            "at": at.isoformat(),
            "kind": Event.Kind(kind).name.lower(),
            "mailing": mailing,
            "link": link,
            "user_agent": details.get("agent", ""),
        }
        for at, kind, mailing, link, details in rows
    ]


def _events(contact: Contact) -> QuerySet[Event]:
    return Event.objects.filter(message_id__in=person_messages(contact).values("pk"))
