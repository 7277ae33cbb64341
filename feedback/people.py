"""Who a token opens: the person of one message, read for the public doors in one query each."""

from dataclasses import dataclass

from django.db.models import Q

from contacts.audience import Audience
from contacts.models import Contact, ContactList, Subscription
from delivery.models import Mailing, Message


@dataclass(frozen=True, slots=True)
class Person:
    """What a public door knows. `contact` is None when erased or never one (transactional); the door works without.

    `lists` are the lists the mailing was sent to, `left` those of them the person is no longer on.
    """

    mailing: int
    message: int
    address: str
    address_key: str | None
    contact: Contact | None
    lists: tuple[int, ...]

    @property
    def masked_address(self) -> str:
        """Enough to recognise one's own address, not enough to learn somebody's: c•••••e.roux@… from camille.roux@…"""
        local, at, domain = self.address.rpartition("@")
        if not at:
            return ""
        kept = local[-max(1, len(local) // 2) :] if len(local) > 2 else ""
        return f"{local[:1]}•••••{kept}@{domain}"


def person_of(*, mailing: int, message: int) -> Person | None:
    """The person of a message; None when its row is gone (old messages are dropped one day)."""
    row = (
        Message.objects.filter(pk=message, mailing=mailing)
        .values_list("address", "address_key", "contact_id", "mailing__audience")
        .first()
    )
    if row is None:
        return None
    address, key, contact_id, audience = row
    contact = Contact.objects.filter(Q(pk=contact_id) if contact_id else Q(address_key=key)).first()
    if contact is None and not contact_id:  # merged into another contact since
        contact = Contact.objects.filter(former_addresses=key).first()
    return Person(
        mailing=mailing,
        message=message,
        address=address,
        address_key=key,
        contact=contact,
        lists=tuple(Audience.from_json(audience).lists) if audience else (),
    )


def lists_of(person: Person) -> list[ContactList]:
    """The lists the mailing was sent to and the person is still on, by name: what the page offers to leave."""
    if person.contact is None or not person.lists:
        return []
    return list(
        ContactList.objects.filter(
            pk__in=person.lists,
            subscriptions__contact=person.contact,
            subscriptions__state=Subscription.State.SUBSCRIBED,
        )
    )


def choices_of(contact: Contact) -> list[tuple[ContactList, bool]]:
    """What the preference page offers: public lists and those the person is on, each with whether they are on it."""
    on = Q(subscriptions__contact=contact, subscriptions__state=Subscription.State.SUBSCRIBED)
    mine = set(ContactList.objects.filter(on).values_list("pk", flat=True))
    rows = ContactList.objects.filter(Q(is_public=True) | Q(pk__in=mine))
    return [(row, row.pk in mine) for row in rows]


def organisation_of(mailing: int) -> dict[str, str]:
    """Name and address as the mailing printed them; empty where the mailing is gone."""
    return Mailing.objects.filter(pk=mailing).values_list("organisation", flat=True).first() or {}
