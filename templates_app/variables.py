"""The names a template may use, and what they hold for one contact."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from django.utils import timezone

from accounts.models import Organisation
from contacts.models import Contact, ContactField
from contacts.services import may_ask_tracking
from templates_app.liquid import OWN_NAMES

# Liquid name → attribute of Contact. Fields defined by the team come on top, under their key.
CONTACT_COLUMNS: Mapping[str, str] = {
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "address",
    "language": "language",
}


def known_names() -> frozenset[str]:
    """Every dotted name a template may use. One query."""
    return names_with(ContactField.objects.values_list("key", flat=True))


def names_with(fields: Iterable[str]) -> frozenset[str]:
    """Every dotted name a template may use where the team's fields have these keys."""
    return OWN_NAMES.union(f"contact.{name}" for name in chain(CONTACT_COLUMNS, fields))


def contact_variables(contact: Contact) -> dict[str, Any]:
    """What `contact` holds in Liquid for this person; an unsaved Contact() is somebody unknown. One query."""
    values: dict[str, Any] = {}
    for name, column in CONTACT_COLUMNS.items():
        value = getattr(contact, column)
        values[name] = value if isinstance(value, str) else ""  # before it is saved, a default of the database
    fields = contact.fields if isinstance(contact.fields, dict) else {}
    for pk, key in ContactField.objects.values_list("pk", "key"):
        values[key] = fields.get(str(pk))
    values["may_ask_tracking"] = contact.pk is None or may_ask_tracking(contact, at=timezone.now())
    return values


def preview_variables(contact: Mapping[str, Any], *, list_name: str = "") -> dict[str, Any]:
    """All variables for a look at a message: its links lead nowhere."""
    organisation = Organisation.objects.filter(pk=1).first() or Organisation()
    return {
        "contact": dict(contact),
        "list": {"name": list_name},
        "data": {},
        "organisation": {"name": organisation.name, "address": organisation.address},
        "unsubscribe_url": "#",
        "preferences_url": "#",
        "view_in_browser_url": "#",
        "tracking_choice_url": "#",
    }
