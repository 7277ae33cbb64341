"""What people do about a flagged address: write the one that was meant, or say that it is right."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.models import AddressFlag, Confirmation, Contact, Engagement
from contacts.services.people import ContactRefused, change_contact


def settle(*, contact: Contact, at: datetime) -> None:
    """The team says this address is right as it is: its flags are not shown any more."""
    AddressFlag.objects.filter(contact=contact, settled_at=None).update(settled_at=at)


@transaction.atomic
def correct(*, contact: Contact, address: str, user: User) -> None:
    """Write the address that was meant. Raises ContactRefused, BrokenAddress.

    Only for an address nobody ever answered from: one that confirmed, clicked or opened works, whatever it looks like,
    and its owner alone may change it (the preference page asks the new mailbox).
    """
    if is_proven(contact):
        raise ContactRefused(
            _("This address has answered before: it works. Only the person can change it, from the preference page.")
        )
    old = contact.address
    change_contact(
        contact=contact,
        address=address,
        first_name=contact.first_name,
        last_name=contact.last_name,
        language=contact.language,
    )
    audit(verb="contact.correct", target=f"contact:{contact.pk}", user=user, old=old, new=contact.address)


def is_proven(contact: Contact) -> bool:
    """Whether the mailbox has ever answered: a confirmation, a click, an open."""
    confirmed = Confirmation.objects.filter(contact=contact, state=Confirmation.State.CONFIRMED)
    if confirmed.exists():
        return True
    seen = Engagement.objects.filter(contact=contact).first()
    return bool(seen and (seen.last_clicked_at or seen.last_own_at or seen.last_opened_on))
