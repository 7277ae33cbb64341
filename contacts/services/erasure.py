"""Erasing a person, and what we can tell them we know."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import audit
from contacts.addresses import fingerprint
from contacts.models import Confirmation, Contact, ContactImport, FormerAddress, ImportedContact, Suppression
from contacts.registry import erasure
from contacts.services.confirmations import ConfirmationExpired, Witness, take_answer

_LASTING = (Suppression.Scope.ALL, Suppression.Scope.MARKETING)


@transaction.atomic
def erase_contact(*, contact: Contact, at: datetime, user: User | None = None, by: str = "") -> None:
    """Forget a person everywhere. A keyed fingerprint stays, so that an import cannot bring them back, and the numbers.

    Suppressions of the address become tombstones of the same reason and scope; those of former addresses, too. `by`:
    who decided, for the trace, where it is neither somebody of the team nor the person.
    """
    for erase in reversed(list(erasure)):  # the highest floor first: it finds its rows through those of lower ones
        erase(contact)
    former = FormerAddress.objects.filter(contact=contact).values_list("address_key", flat=True)
    for key in (contact.address_key, *former):
        _leave_tombstone(key, at)
    audit(verb="contact.erase", target=f"contact:{contact.pk}", user=user, by=by or ("team" if user else "the person"))
    # The journals of imports hold values from before; their index begins with the import.
    imports = list(ContactImport.objects.values_list("pk", flat=True))
    ImportedContact.objects.filter(contact_import_id__in=imports, contact_id=contact.pk).delete()
    contact.delete()


def _leave_tombstone(key: str, at: datetime) -> None:
    print_ = fingerprint(key)
    for row in Suppression.objects.filter(address_key=key):
        known = Suppression.objects.filter(fingerprint=print_, scope=row.scope).exists()
        if row.scope not in _LASTING or known:
            row.delete()
            continue
        row.address_key, row.fingerprint, row.origin = None, print_, ""
        row.save(update_fields=["address_key", "fingerprint", "origin"])
    Suppression.objects.get_or_create(
        fingerprint=print_,
        scope=Suppression.Scope.MARKETING,
        defaults={"reason": Suppression.Reason.ERASED, "origin": "erasure", "created_at": at},
    )


@transaction.atomic
def confirm_erasure(confirmation: int, *, witness: Witness) -> None:
    """The address itself has answered. Raises ConfirmationExpired, Confirmation.DoesNotExist."""
    row, _is_first = take_answer(confirmation, witness=witness)
    erase_contact(contact=row.contact, at=witness.at)


@transaction.atomic
def confirm_copy(confirmation: int, *, witness: Witness) -> Confirmation:
    """The address itself has answered; the copy may be fetched while the link is good. Raises as above."""
    row, is_first = take_answer(confirmation, witness=witness)
    if not is_first and row.expires_at <= witness.at:
        raise ConfirmationExpired
    return row
