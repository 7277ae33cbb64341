"""What people settle for themselves: a pause, a language, another address, whether they may be measured."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from contacts.addresses import address_key
from contacts.models import Confirmation, Contact
from contacts.services.confirmations import Request, Witness, ask, pass_gate, take_answer
from contacts.services.engagement import push_own_acts
from contacts.services.people import change_contact

PAUSES = (30, 60, 90)  # days
ASKING_REST = timedelta(days=183)  # "no asking again within six months" (CNIL deliberation 2026-042)


def pause_contact(*, contact: Contact, days: int, at: datetime) -> None:
    """No campaigns for so many days of PAUSES; 0 ends a pause. Lists stay as they are."""
    if days and days not in PAUSES:
        raise ValueError(days)
    contact.paused_until = at + timedelta(days=days) if days else None
    Contact.objects.filter(pk=contact.pk).update(paused_until=contact.paused_until)
    push_own_acts(acted={contact.pk: at})


def choose_language(*, contact: Contact, language: str) -> None:
    """The language of messages to come."""
    contact.language = language
    Contact.objects.filter(pk=contact.pk).update(language=language)


def note_tracking_asked(*, contacts: Sequence[int], at: datetime) -> None:
    """A message with the question whether they may be measured has left for these people."""
    Contact.objects.filter(pk__in=contacts).update(tracking_asked_at=at)


def may_ask_tracking(contact: Contact, *, at: datetime) -> bool:
    """Whether the question may stand in this person's mail: never answered, and not asked for six months."""
    asked = contact.tracking_asked_at
    return contact.open_consent == 0 and (asked is None or asked <= at - ASKING_REST)


def request_address(*, contact: Contact, address: str, language: str, witness: Witness) -> None:
    """Ask the new mailbox whether it wants our mail. Raises BrokenAddress; says nothing of who has that address.

    The gate of opt-in mails holds here too: the preference page is no way to bomb somebody.
    """
    key = address_key(address)
    if key == contact.address_key or not pass_gate(key=key, at=witness.at):
        return
    ask(
        Request(
            kind=Confirmation.Kind.ADDRESS,
            contact=contact,
            address=address.strip(),
            language=language,
            given={"address": address.strip()},
        ),
        witness=witness,
    )


@transaction.atomic
def confirm_address(confirmation: int, *, witness: Witness) -> Confirmation:
    """The new mailbox has answered. What the person had said no to stays so under the new address.

    Raises ConfirmationExpired, Confirmation.DoesNotExist, ContactRefused where the address is another contact's.
    """
    row, is_first = take_answer(confirmation, witness=witness)
    if not is_first:
        return row
    contact = row.contact
    change_contact(
        contact=contact,
        address=row.address,
        first_name=contact.first_name,
        last_name=contact.last_name,
        language=contact.language,
    )
    return row


def request_own(*, contact: Contact, kind: Confirmation.Kind, language: str, witness: Witness) -> None:
    """A copy of one's data, or erasure: the address itself is asked, because links are forwarded with their mails."""
    if kind not in (Confirmation.Kind.COPY, Confirmation.Kind.ERASURE):
        raise ValueError(kind)
    ask(Request(kind=kind, contact=contact, address=contact.address, language=language), witness=witness)


@transaction.atomic
def confirm_staying(confirmation: int, *, witness: Witness) -> Confirmation:
    """The person wants to stay with us: an act of their own, from which retention counts anew. Raises as above."""
    return take_answer(confirmation, witness=witness)[0]
