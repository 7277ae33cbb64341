"""Consent is appended, never changed; the contact carries a copy of its latest tracking consents."""

import hashlib
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import connection, transaction

from contacts.models import (
    Confirmation,
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    Purpose,
)

_COPIES = {Purpose.OPENS: "open_consent", Purpose.CLICKS: "click_consent"}


class Proof(TypedDict, total=False):
    """What else proves a consent."""

    ip: str | None
    user_agent: str
    confirmation: Confirmation | None


class Circumstances(Proof, total=False):
    """And what it was about."""

    contact_list: ContactList | None


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
        confirmation=circumstances.get("confirmation"),
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


def statement_for(
    *, origin: ConsentStatement.Origin, source: str, wording: str = "", language: str = ""
) -> ConsentStatement:
    """The statement with exactly these words, made at its first use: a form's text is stored once, not per person.

    Other words of the same source and language get the next version number.
    """
    digest = digest_of(source=source[:300], wording=wording, language=language)
    found = ConsentStatement.objects.filter(origin=origin, digest=digest).first()
    return found or _next_version(origin, source[:300], wording, language)


def digest_of(*, source: str, wording: str, language: str) -> str:
    """SHA-256, as hex, of what was shown: proof that a stored wording is the one a consent was given on."""
    return hashlib.sha256("\0".join((source, language, wording)).encode()).hexdigest()


@transaction.atomic
def _next_version(origin: str, source: str, wording: str, language: str) -> ConsentStatement:
    with connection.cursor() as cursor:  # one at a time per source, so that version numbers are given once
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"{origin} {source} {language}"])
    digest = digest_of(source=source, wording=wording, language=language)
    earlier = ConsentStatement.objects.filter(origin=origin, source=source, language=language).exclude(digest="")
    if found := earlier.filter(digest=digest).first():
        return found
    return ConsentStatement.objects.create(
        origin=origin,
        source=source,
        wording=wording,
        language=language,
        version=earlier.count() + 1,
        digest=digest,
    )
