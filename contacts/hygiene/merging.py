"""Two contacts that are one person become one. The stricter word always stands: a merge brings nobody back.

`kept` stays with its address; what it does not know is taken from `other`, whose row goes.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.models import (
    Confirmation,
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    ContactTag,
    Engagement,
    FormerAddress,
    Purpose,
    Subscription,
    Suppression,
)
from contacts.registry import merging
from contacts.services.consent import record_consent, statement_for
from contacts.services.people import ContactRefused, change_contact
from contacts.services.suppressions import OF_A_PERSON, carry_suppressions

State = Subscription.State
_STRICT = {State.UNSUBSCRIBED: 0, State.SUBSCRIBED: 1, State.PENDING: 2}  # the lower stands
_COPIES = {Purpose.OPENS: "open_consent", Purpose.CLICKS: "click_consent"}


@dataclass(slots=True)
class Merged:
    """What one contact would be afterwards; shown before, and done by the same rules."""

    first_name: str
    last_name: str
    language: str
    fields: dict[str, object]
    subscriptions: list[tuple[ContactList, int]] = field(default_factory=list)  # (list, Subscription.State)
    suppressions: list[Suppression] = field(default_factory=list)
    tracking: dict[Purpose, int] = field(default_factory=dict)  # ConsentState
    tags: list[str] = field(default_factory=list)

    @property
    def language_name(self) -> str:
        """In the reader's words; empty where it is not known."""
        return str(dict(settings.LANGUAGES).get(self.language, ""))


def preview_merge(*, kept: Contact, other: Contact) -> Merged:
    """Who would be left. Raises ContactRefused where the two cannot be one."""
    _check(kept, other)
    rows = Subscription.objects.filter(contact__in=(kept, other)).select_related("contact_list")
    by_list: dict[ContactList, int] = {}
    for row in rows.order_by("contact_list__name"):
        if row.state == State.PENDING and row.contact_id == other.pk:
            continue  # its question was sent to the address that goes
        known = by_list.get(row.contact_list)
        by_list[row.contact_list] = row.state if known is None else _stricter(known, row.state)
    mine = Q(address_key=kept.address_key) | Q(address_key=other.address_key, reason__in=OF_A_PERSON)
    return Merged(
        first_name=kept.first_name or other.first_name,
        last_name=kept.last_name or other.last_name,
        language=kept.language or other.language,
        fields={**other.fields, **kept.fields},
        subscriptions=list(by_list.items()),
        suppressions=list(Suppression.objects.filter(mine).select_related("contact_list").order_by("scope", "pk")),
        tracking={purpose: _tracking(kept, other, column) for purpose, column in _COPIES.items()},
        tags=sorted(set(ContactTag.objects.filter(contact__in=(kept, other)).values_list("tag__name", flat=True))),
    )


def _check(kept: Contact, other: Contact) -> None:
    if kept.pk == other.pk:
        raise ContactRefused(_("This is the same contact."))
    if kept.is_sample != other.is_sample:
        raise ContactRefused(_("A sample contact cannot become part of a real one."))


def _stricter(one: int, another: int) -> int:
    return min(one, another, key=lambda state: _STRICT[State(state)])


def _tracking(kept: Contact, other: Contact, column: str) -> int:
    """A no of either stands; else a yes of either; else nobody was asked."""
    said = {getattr(kept, column), getattr(other, column)}
    return next(state for state in (ConsentState.DENIED, ConsentState.GRANTED, ConsentState.UNKNOWN) if state in said)


@transaction.atomic
def merge_contacts(*, kept: Contact, other: Contact, user: User | None, at: datetime) -> Contact:
    """Make `kept` both. Consents keep their proof, messages their person; the trace stays. Cannot be undone.

    Raises ContactRefused.
    """
    # Both rows are locked in the order of their numbers: two merges of one pair take turns.
    pair = Contact.objects.select_for_update().filter(pk__in=(kept.pk, other.pk)).order_by("pk")
    locked = {row.pk: row for row in pair}
    if len(locked) < len({kept.pk, other.pk}):
        raise ContactRefused(_("One of the two is gone already."))
    kept, other = locked[kept.pk], locked[other.pk]
    after = preview_merge(kept=kept, other=other)
    carry_suppressions(old=other.address_key, new=kept.address_key)
    carry_suppressions(old=kept.address_key, new=other.address_key)  # the old address, imported again, stays as strict
    _unite_subscriptions(kept, other, after, at)
    _unite_consents(kept, other, after, at)
    _unite_facts(kept, other)
    for give in merging:
        give(kept=kept, other=other)
    FormerAddress.objects.filter(contact=other).update(contact=kept)
    FormerAddress.objects.update_or_create(address_key=other.address_key, defaults={"contact": kept, "since": at})
    FormerAddress.objects.filter(address_key=kept.address_key).delete()
    audit(verb="contact.merge", target=f"contact:{kept.pk}", user=user, other=other.pk)
    other.delete()
    kept.fields = after.fields
    return change_contact(
        contact=kept,
        address=kept.address,
        first_name=after.first_name,
        last_name=after.last_name,
        language=after.language,
    )


def _unite_subscriptions(kept: Contact, other: Contact, after: Merged, at: datetime) -> None:
    """What stands in `after`. Where a leaving prevails over a joining, the ledger of consents says so."""
    mine = {row.contact_list_id: row for row in Subscription.objects.filter(contact=kept)}
    theirs = {row.contact_list_id: row for row in Subscription.objects.filter(contact=other)}
    for contact_list, state in after.subscriptions:
        own, its = mine.get(contact_list.pk), theirs.get(contact_list.pk)
        if own is None and its is not None:
            Subscription.objects.filter(pk=its.pk).update(contact=kept)
        elif own is not None and its is not None and own.state != state:
            Subscription.objects.filter(pk=own.pk).update(
                state=state, subscribed_at=its.subscribed_at, left_at=its.left_at
            )
            its.delete()
    for contact_list, state in after.subscriptions:
        own, its = mine.get(contact_list.pk), theirs.get(contact_list.pk)
        if own and its and state == State.UNSUBSCRIBED and {own.state, its.state} != {State.UNSUBSCRIBED}:
            record_consent(
                contact=kept,
                purpose=Purpose.MAILING,
                state=ConsentState.DENIED,
                statement=_statement(),
                at=at,
                contact_list=contact_list,
            )


def _unite_consents(kept: Contact, other: Contact, after: Merged, at: datetime) -> None:
    """Every decision with its proof goes along; where the latest is not the stricter one, a row says which stands."""
    _close_questions(other)
    Consent.objects.filter(contact=other).update(contact=kept)
    Confirmation.objects.filter(contact=other).update(contact=kept)
    for purpose, column in _COPIES.items():
        latest = Consent.objects.filter(contact=kept, purpose=purpose).order_by("-at", "-pk").first()
        wanted = after.tracking[purpose]
        if wanted != (latest.state if latest else ConsentState.UNKNOWN):
            record_consent(contact=kept, purpose=purpose, state=wanted, statement=_statement(), at=at)
        setattr(kept, column, wanted)
    # The copies of rows that came along; record_consent keeps them for those it writes.
    copies = {column: after.tracking[purpose] for purpose, column in _COPIES.items()}
    Contact.objects.filter(pk=kept.pk).update(**copies)


def _close_questions(other: Contact) -> None:
    """What was asked of the address that goes is asked no more: nobody could tell whose answer it would be."""
    waiting = Confirmation.objects.filter(contact=other, state=Confirmation.State.OPEN)
    waiting.update(state=Confirmation.State.EXPIRED, mail_due_at=None)


def _statement() -> ConsentStatement:
    return statement_for(origin=ConsentStatement.Origin.STAFF, source="two contacts merged")


def _unite_facts(kept: Contact, other: Contact) -> None:
    known = set(ContactTag.objects.filter(contact=kept).values_list("tag_id", flat=True))
    moving = ContactTag.objects.filter(contact=other).exclude(tag__in=known).values_list("tag_id", flat=True)
    ContactTag.objects.bulk_create(ContactTag(tag_id=tag, contact=kept) for tag in moving)
    kept.created_at = min(kept.created_at, other.created_at)
    kept.paused_until = max(filter(None, (kept.paused_until, other.paused_until)), default=None)
    kept.tracking_asked_at = max(filter(None, (kept.tracking_asked_at, other.tracking_asked_at)), default=None)
    its = Engagement.objects.filter(contact=other).first()
    if its is None:
        return
    mine = Engagement.objects.get_or_create(contact=kept)[0]
    for name in ("last_opened_on", "last_clicked_at", "last_own_at"):
        setattr(mine, name, max(filter(None, (getattr(mine, name), getattr(its, name))), default=None))
    mine.save(update_fields=["last_opened_on", "last_clicked_at", "last_own_at"])
