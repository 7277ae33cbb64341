"""Consent is appended, never changed; the contact carries a copy of its latest tracking consents."""

from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction

from contacts.models import Consent, ConsentState, ConsentStatement, Contact, ContactList, Purpose

_COPIES = {Purpose.OPENS: "open_consent", Purpose.CLICKS: "click_consent"}


class Circumstances(TypedDict, total=False):
    """What else proves a consent."""

    contact_list: ContactList | None
    ip: str | None
    user_agent: str


@transaction.atomic
def record_consent(
    *,
    contact: Contact,
    purpose: Purpose | str,
    state: ConsentState | int,
    statement: ConsentStatement,
    at: datetime,
    **circumstances: Unpack[Circumstances],
) -> Consent:
    """Append one decision. `Contact.open_consent` and `click_consent` stay equal to the latest by `at`."""
    # The contact's row is the lock: two decisions at once are copied in the order they were written.
    Contact.objects.select_for_update(no_key=True).only("pk").get(pk=contact.pk)
    agent = circumstances.get("user_agent", "")[:300]
    consent = Consent.objects.create(
        contact=contact,
        purpose=purpose,
        state=state,
        statement=statement,
        at=at,
        contact_list=circumstances.get("contact_list"),
        ip=circumstances.get("ip"),
        user_agent=agent,
    )
    if column := _COPIES.get(Purpose(purpose)):
        latest = Consent.objects.filter(contact=contact, purpose=purpose).order_by("-at", "-pk").values_list("state")
        latest_state = latest[0][0]
        Contact.objects.filter(pk=contact.pk).update(**{column: latest_state})
        setattr(contact, column, latest_state)
    return consent


def state_source(*, origin: ConsentStatement.Origin, source: str, wording: str = "") -> ConsentStatement:
    """A new statement: where consents come from, in the team's words."""
    return ConsentStatement.objects.create(origin=origin, source=source[:300], wording=wording)


def statement_for(*, origin: ConsentStatement.Origin, source: str, wording: str = "") -> ConsentStatement:
    """The statement with exactly these words, made at its first use: a form's text is stored once, not per person."""
    found = ConsentStatement.objects.filter(origin=origin, source=source[:300], wording=wording).order_by("pk").first()
    return found or state_source(origin=origin, source=source, wording=wording)
