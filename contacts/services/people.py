"""Adding, changing and removing one contact by hand."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.addresses import address_key, domain_of, fingerprint, sort_key
from contacts.hygiene.flags import flag
from contacts.mail_domains import group_for
from contacts.models import AddressFlag, ConsentState, ConsentStatement, Contact, Purpose, Suppression
from contacts.search import keep_findable
from contacts.services.consent import record_consent
from contacts.services.suppressions import carry_suppressions, forget_words, revive


class ContactRefused(ValueError):
    """The contact cannot be added or changed; the message says why, in the active language."""


@transaction.atomic
def add_contact(
    *,
    address: str,
    first_name: str = "",
    last_name: str = "",
    language: str = "",
    fields: dict[str, Any] | None = None,
    statement: ConsentStatement | None = None,
) -> Contact:
    """Add one person. With a statement, its consent to be written to is recorded; lists are `subscribe`'s matter.

    Raises BrokenAddress, and ContactRefused where the address is known already or was erased on request. Lifts no
    suppression. `fields` is {"<ContactField id>": value}.
    """
    key = address_key(address)
    _refuse_erased(key)
    contact = _new(address, key)
    contact.first_name, contact.last_name, contact.language = first_name.strip(), last_name.strip(), language
    contact.fields = fields or {}
    _save(contact)
    flag([key])
    if statement:
        record_consent(
            contact=contact,
            purpose=Purpose.MAILING,
            state=ConsentState.GRANTED,
            statement=statement,
            at=timezone.now(),
        )
    return contact


@transaction.atomic
def add_unconfirmed(*, address: str, language: str) -> Contact:
    """The row of somebody who is said to want our mail; it waits for their confirmation. Known people are given back.

    The erased included: nobody but themselves can confirm. Raises BrokenAddress.
    """
    key = address_key(address)
    if known := Contact.objects.filter(address_key=key).first():
        return known
    contact = _new(address, key)
    contact.language = language
    try:
        _save(contact)
    except ContactRefused:  # somebody was faster
        return Contact.objects.get(address_key=key)
    flag([key])
    revive(key)
    return contact


def _refuse_erased(key: str) -> None:
    if Suppression.objects.filter(fingerprint=fingerprint(key)).exists():
        raise ContactRefused(_("This person asked to be erased; only they can come back."))


def _new(address: str, key: str) -> Contact:
    contact = Contact(address=address.strip(), address_key=key, mx_group=group_for(domain_of(key)))
    # Left out, they would be the database's to fill in, and no text yet when the sort key is folded.
    contact.first_name = contact.last_name = contact.language = contact.time_zone = ""
    return contact


@transaction.atomic
def change_contact(
    *,
    contact: Contact,
    address: str,
    first_name: str,
    last_name: str,
    language: str,
    time_zone: str | None = None,
) -> Contact:
    """Store new words about a person, and `contact.fields` as it stands. Raises as `add_contact`.

    A new address is a new key. What the person said no to, or the team about them, holds there too; that a mailbox is
    dead stays with the old address. `time_zone` is an IANA name, "" for the organisation's, None to leave it.
    """
    old, key = contact.address_key, address_key(address)
    if key != old:
        _refuse_erased(key)
    contact.address, contact.address_key = address.strip(), key
    contact.mx_group = group_for(domain_of(contact.address_key))
    contact.first_name, contact.last_name, contact.language = first_name.strip(), last_name.strip(), language
    if time_zone is not None:
        contact.time_zone = time_zone
    contact.updated_at = timezone.now()
    _save(contact)
    if key != old:
        AddressFlag.objects.filter(contact=contact).delete()
        flag([key])
        carry_suppressions(old=old, new=key)
    return contact


def remove_contact(*, contact: Contact) -> None:
    """Delete a person with consents, subscriptions and engagement. Suppressions of the address stay."""
    contact.delete()
    forget_words([contact.address_key])


def _save(contact: Contact) -> None:
    contact.sort_key = sort_key(contact.first_name, contact.last_name, contact.address_key)
    try:
        with transaction.atomic():
            contact.save()
            keep_findable(contact)
    except IntegrityError as error:
        raise ContactRefused(
            _("“%(address)s” is the address of a contact already.") % {"address": contact.address}
        ) from error
