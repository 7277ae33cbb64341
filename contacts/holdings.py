"""What we know about one person, as one JSON document: their own copy, and the team's proof of consent."""

from datetime import datetime
from typing import Any

from contacts.models import Consent, Contact, ContactField, FormerAddress
from contacts.registry import holdings


def copy_of(contact: Contact, *, at: datetime) -> dict[str, Any]:
    """Everything, as the person may ask for it (GDPR articles 15 and 20). Higher floors add their sections."""
    sections = dict(hold(contact) for hold in holdings)
    return {
        "made_at": at.isoformat(),
        "person": _person(contact),
        "lists": [
            {
                "name": row.contact_list.name,
                "state": row.get_state_display(),
                "since": row.subscribed_at.isoformat(),
                "left_at": _when(row.left_at),
            }
            for row in contact.subscriptions.select_related("contact_list").order_by("pk")
        ],
        "consents": consents_as_proof(contact),
    } | sections


def _person(contact: Contact) -> dict[str, Any]:
    labels = {str(pk): label for pk, label in ContactField.objects.values_list("pk", "label")}
    return {
        "address": contact.address,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "language": contact.language,
        "time_zone": contact.time_zone,
        "tags": list(contact.tag_links.order_by("tag__name").values_list("tag__name", flat=True)),
        "former_addresses": list(FormerAddress.objects.filter(contact=contact).values_list("address_key", flat=True)),
        "known_since": contact.created_at.isoformat(),
        "paused_until": _when(contact.paused_until),
        "fields": {labels[key]: value for key, value in contact.fields.items() if key in labels},
    }


def consents_as_proof(contact: Contact) -> list[dict[str, Any]]:
    """Every decision with what was shown, when, from where, and the mailbox's answer; the oldest first."""
    rows = Consent.objects.filter(contact=contact).select_related("statement", "contact_list", "confirmation__form")
    return [_consent(row) for row in rows.order_by("at", "pk")]


def _consent(row: Consent) -> dict[str, Any]:
    said = row.statement
    return {
        "at": row.at.isoformat(),
        "purpose": str(row.get_purpose_display()),
        "decision": str(row.get_state_display()),
        "list": row.contact_list.name if row.contact_list else "",
        "legal_basis": str(row.contact_list.get_legal_basis_display()) if row.contact_list else "",
        "origin": str(said.get_origin_display()),
        "source": said.source,
        "wording": said.wording,
        "language": said.language,
        "version": said.version,
        "sha256": said.digest,
        "ip": row.ip,
        "user_agent": row.user_agent,
        "double_opt_in": _double(row),
    }


def _double(row: Consent) -> dict[str, Any] | None:
    asked = row.confirmation
    if asked is None:
        return None
    return {
        "form": asked.form.name if asked.form else "",
        "asked_at": asked.asked_at.isoformat(),
        "asked_ip": asked.asked_ip,
        "asked_user_agent": asked.asked_agent,
        "mailed_at": _when(asked.mailed_at),
        "address": asked.address,
        "confirmed_at": _when(asked.confirmed_at),
        "confirmed_ip": asked.confirmed_ip,
        "confirmed_user_agent": asked.confirmed_agent,
    }


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
