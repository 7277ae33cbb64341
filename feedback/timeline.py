"""What the world answered about one person, for the timeline of their page (contacts.registry)."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts.models import Contact
from contacts.registry import TimelineEntry
from delivery.models import Link, Mailing, Message
from feedback.models import BounceClass, Event, Way

Kind = Event.Kind
_LOOKS = {
    Kind.OPENED: ("mail-opened", ""),
    Kind.CLICKED: ("click", ""),
    Kind.BOUNCED: ("mail-x", "warn"),
    Kind.REJECTED: ("mail-x", "warn"),
    Kind.FAILED: ("mail-x", "warn"),
    Kind.COMPLAINED: ("flag", "bad"),
    Kind.UNSUBSCRIBED: ("user-minus", "warn"),
}


def entries(contact: Contact, *, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """Opens, clicks, bounces, complaints and unsubscriptions, latest first, in three statements."""
    events = list(_events(contact, before)[:limit])
    mailings = Mailing.objects.in_bulk({event.mailing_id for event in events if event.mailing_id})
    links = _links(events)
    return [_entry(event, mailings, links) for event in events]


def _events(contact: Contact, before: datetime | None) -> QuerySet[Event]:
    mine = Message.objects.filter(contact_id=contact.pk).values("pk")
    found = Event.objects.filter(message_id__in=mine, kind__in=_LOOKS, error=None)
    return (found.filter(at__lt=before) if before else found).order_by("-at", "-id")


def _links(events: list[Event]) -> dict[tuple[int | None, int | None], Link]:
    mailings = {event.mailing_id for event in events if event.link_number is not None}
    numbers = {event.link_number for event in events if event.link_number is not None}
    rows = Link.objects.filter(mailing__in=mailings, number__in=numbers)
    return {(link.mailing_id, link.number): link for link in rows}


def _entry(
    event: Event, mailings: dict[int, Mailing], links: dict[tuple[int | None, int | None], Link]
) -> TimelineEntry:
    kind = Kind(event.kind)
    mailing = mailings.get(event.mailing_id or 0)
    icon, tone = _LOOKS[kind]
    link = links.get((event.mailing_id, event.link_number))
    return TimelineEntry(
        at=event.at,
        icon=icon,
        tone=tone,
        title=_title(kind) % {"mailing": mailing.name if mailing else "?"},
        detail=_detail(event, link),
    )


def _title(kind: Kind) -> str:
    return {
        Kind.OPENED: _("Opened “%(mailing)s”"),
        Kind.CLICKED: _("Clicked in “%(mailing)s”"),
        Kind.BOUNCED: _("“%(mailing)s” bounced"),
        Kind.REJECTED: _("The provider did not send “%(mailing)s”"),
        Kind.FAILED: _("The provider could not send “%(mailing)s”"),
        Kind.COMPLAINED: _("Reported “%(mailing)s” as spam"),
        Kind.UNSUBSCRIBED: _("Left through “%(mailing)s”"),
    }[kind]


def _detail(event: Event, link: Link | None) -> str:
    if link is not None:
        return link.label or link.url
    if event.way:
        return str(Way(event.way).label)
    if event.bounce_class:
        words = str(event.details.get("reply", ""))[:300]
        return " · ".join(part for part in (str(BounceClass(event.bounce_class).label), words) if part)
    return ""
