"""Lists, joining them and leaving them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import (
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    HygieneRule,
    Purpose,
    Subscription,
    Suppression,
)
from contacts.services.consent import Proof, record_consent, statement_for
from contacts.services.people import ContactRefused
from contacts.services.suppressions import suppress

_Origin = ConsentStatement.Origin
# What the person does with their own hands; nobody else lifts their "unsubscribed from everything".
_OWN_ACTS = {_Origin.FORM, _Origin.PREFERENCES}


def create_list(*, name: str, description: str = "", is_double_opt_in: bool = True) -> ContactList:
    """A new list; shown on the preference page. Raises IntegrityError when the name is taken."""
    return ContactList.objects.create(name=name.strip(), description=description, is_double_opt_in=is_double_opt_in)


def remove_list(*, contact_list: ContactList) -> None:
    """Delete a list with its subscriptions. Its people and consents stay; a rule that needs it is switched off."""
    with transaction.atomic():
        locked = ContactList.objects.select_for_update().get(pk=contact_list.pk)
        # By one statement each: the collector would load a million rows to tell their receivers.
        Subscription.objects.filter(contact_list=locked)._raw_delete("default")
        Consent.objects.filter(contact_list=locked).update(contact_list=None)
        HygieneRule.objects.filter(contact_list=locked).update(is_on=False)
        locked.delete()


@transaction.atomic
def subscribe(
    *,
    contact: Contact,
    contact_list: ContactList,
    statement: ConsentStatement,
    **proof: Unpack[Proof],
) -> Subscription:
    """Put a person on a list, on the proof of `statement`, and record the consent to be written to.

    Somebody who left comes back only by an act newer than their leaving: the statement of a form or the preference
    page (which also lifts their own "unsubscribed from everything"), or one the team has written down for it. An
    import's statement never does: ContactRefused. With a confirmation the consent is recorded even for a member: it is
    the better proof.
    """
    subscription, is_new = Subscription.objects.select_for_update().get_or_create(
        contact=contact, contact_list=contact_list
    )
    if statement.origin in _OWN_ACTS:
        _take_back_leaving(contact, contact_list)
    is_member = not is_new and subscription.state == Subscription.State.SUBSCRIBED
    if is_member and not proof.get("confirmation"):
        return subscription
    if not is_new and not is_member:
        if statement.origin == _Origin.IMPORT and subscription.state == Subscription.State.UNSUBSCRIBED:
            raise ContactRefused(_("This person left the list; an import does not bring them back."))
        subscription.state, subscription.left_at = Subscription.State.SUBSCRIBED, None
        subscription.subscribed_at = timezone.now()
        subscription.save(update_fields=["state", "left_at", "subscribed_at"])
    record_consent(
        contact=contact,
        purpose=Purpose.MAILING,
        state=ConsentState.GRANTED,
        statement=statement,
        at=timezone.now(),
        contact_list=contact_list,
        **proof,
    )
    return subscription


def _take_back_leaving(contact: Contact, contact_list: ContactList) -> None:
    """The person's own "unsubscribed", of everything or of this list, and our guess that they are gone."""
    theirs = (Suppression.Reason.UNSUBSCRIBED, Suppression.Reason.INACTIVE)
    mine = Suppression.objects.filter(address_key=contact.address_key, reason__in=theirs)
    mine.filter(Q(scope=Suppression.Scope.MARKETING) | Q(contact_list=contact_list)).delete()


def await_confirmation(*, contact: Contact, lists: Sequence[ContactList]) -> None:
    """Show that somebody was said to want lists. Whoever has a row there already keeps it as it is."""
    Subscription.objects.bulk_create(
        (Subscription(contact=contact, contact_list=row, state=Subscription.State.PENDING) for row in lists),
        ignore_conflicts=True,
    )


@transaction.atomic
def unsubscribe(
    *,
    contact: Contact,
    contact_list: ContactList | None = None,
    at: datetime,
    statement: ConsentStatement | None = None,
) -> bool:
    """The person leaves one list, or everything: then a marketing suppression holds for lists to come, too.

    Safe to repeat; True when something changed. `statement` says how they left, the unsubscribe link by default.
    """
    states = (Subscription.State.SUBSCRIBED, Subscription.State.PENDING)
    subscriptions = Subscription.objects.filter(contact=contact, state__in=states)
    if contact_list is not None:
        subscriptions = subscriptions.filter(contact_list=contact_list)
    left = subscriptions.update(state=Subscription.State.UNSUBSCRIBED, left_at=at)
    if contact_list is None:
        known = Suppression.objects.filter(address_key=contact.address_key, scope=Suppression.Scope.MARKETING).exists()
        suppress(
            address_key=contact.address_key,
            reason=Suppression.Reason.UNSUBSCRIBED,
            scope=Suppression.Scope.MARKETING,
            origin=statement.source if statement else "unsubscribe link",
            at=at,
        )
        left += not known
    if not left:
        return False
    record_consent(
        contact=contact,
        purpose=Purpose.MAILING,
        state=ConsentState.DENIED,
        statement=statement or statement_for(origin=_Origin.UNSUBSCRIBE, source="unsubscribe link"),
        at=at,
        contact_list=contact_list,
    )
    return True
