"""What happened to one person: our own facts, and what higher floors have registered, latest first."""

from datetime import datetime

from django.utils.translation import gettext as _

from contacts.models import Consent, ConsentState, Contact, Purpose, Subscription, Suppression
from contacts.registry import TimelineEntry, timeline

_CONSENTS = {
    (Purpose.MAILING, ConsentState.GRANTED): ("circle-check", "ok"),
    (Purpose.MAILING, ConsentState.DENIED): ("user-minus", "warn"),
    (Purpose.OPENS, ConsentState.GRANTED): ("eye", "ok"),
    (Purpose.OPENS, ConsentState.DENIED): ("eye-off", ""),
    (Purpose.CLICKS, ConsentState.GRANTED): ("pointer", "ok"),
    (Purpose.CLICKS, ConsentState.DENIED): ("pointer-off", ""),
}


def timeline_of(contact: Contact, *, before: datetime | None = None, limit: int = 30) -> list[TimelineEntry]:
    """The latest `limit` entries before an instant, of all sources; each source in a constant number of statements."""
    entries = own_facts(contact, before=before, limit=limit)
    for source in timeline:
        entries += source(contact, before=before, limit=limit)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def own_facts(contact: Contact, *, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """Added, asked, joined, left, suppressed."""
    # What one import or form does at one instant keeps this order: added, then agreed, then joined, read from below.
    entries = [
        *_of_suppressions(contact),
        *_of_subscriptions(contact),
        *_of_consents(contact, before, limit),
        TimelineEntry(at=contact.created_at, icon="user-plus", title=_("Added to the contacts")),
    ]
    return [entry for entry in entries if before is None or entry.at < before]


def _of_consents(contact: Contact, before: datetime | None, limit: int) -> list[TimelineEntry]:
    found = Consent.objects.filter(contact=contact).select_related("statement", "contact_list")
    if before is not None:
        found = found.filter(at__lt=before)
    return [_consent(row) for row in found.order_by("-at", "-pk")[:limit]]


def _consent(row: Consent) -> TimelineEntry:
    icon, tone = _CONSENTS.get((Purpose(row.purpose), ConsentState(row.state)), ("circle-check", ""))
    titles = {
        (Purpose.MAILING, ConsentState.GRANTED): _("Agreed to be written to"),
        (Purpose.MAILING, ConsentState.DENIED): _("Does not want to be written to any more"),
        (Purpose.OPENS, ConsentState.GRANTED): _("Agreed that opens are measured"),
        (Purpose.OPENS, ConsentState.DENIED): _("Refused that opens are measured"),
        (Purpose.CLICKS, ConsentState.GRANTED): _("Agreed that clicks are measured"),
        (Purpose.CLICKS, ConsentState.DENIED): _("Refused that clicks are measured"),
    }
    title = titles.get((Purpose(row.purpose), ConsentState(row.state)), _("Consent withdrawn"))
    where = [row.contact_list.name] if row.contact_list else []
    return TimelineEntry(
        at=row.at, icon=icon, title=title, detail=" · ".join([*where, row.statement.source]), tone=tone
    )


def _of_subscriptions(contact: Contact) -> list[TimelineEntry]:
    entries = []
    for row in Subscription.objects.filter(contact=contact).select_related("contact_list"):
        name = {"list": row.contact_list.name}
        if row.state != Subscription.State.PENDING:
            entries.append(TimelineEntry(at=row.subscribed_at, icon="list-check", title=_("Joined “%(list)s”") % name))
        if row.left_at:
            entries.append(TimelineEntry(at=row.left_at, icon="user-minus", title=_("Left “%(list)s”") % name))
    return entries


def _of_suppressions(contact: Contact) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            at=row.created_at,
            icon="ban",
            title=_("Suppressed: %(reason)s") % {"reason": row.get_reason_display()},
            detail=row.origin,
            tone="bad",
        )
        for row in Suppression.objects.filter(address_key=contact.address_key)
    ]
