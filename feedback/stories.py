"""What was heard of one message, for its page; and messages found by the id their provider gave them."""

from django.db.models.fields.json import KeyTextTransform

from delivery.models import Link
from delivery.registry import StoryEntry
from feedback.models import BounceClass, Event, Way

Kind = Event.Kind
SHOWN = 200  # events of one message
_LOOKS = {
    Kind.DELIVERED: ("circle-check", "ok"),
    Kind.DEFERRED: ("clock-pause", "warn"),
    Kind.BOUNCED: ("mail-x", "bad"),
    Kind.REJECTED: ("mail-x", "bad"),
    Kind.FAILED: ("mail-x", "bad"),
    Kind.COMPLAINED: ("flag", "bad"),
    Kind.OPENED: ("mail-opened", "accent"),
    Kind.CLICKED: ("click", "accent"),
    Kind.UNSUBSCRIBED: ("user-minus", "warn"),
    Kind.OTHER: ("point", ""),
}


def story_of(message_id: int) -> list[StoryEntry]:
    """Every event that names this message, oldest first, in two statements."""
    events = list(Event.objects.filter(message_id=message_id).order_by("at", "id")[:SHOWN])
    numbers = {event.link_number for event in events if event.link_number is not None}
    mailings = {event.mailing_id for event in events}
    links = {
        (link.mailing_id, link.number): link.label or link.url
        for link in Link.objects.filter(mailing__in=mailings, number__in=numbers)
    }
    return [_entry(event, links) for event in events]


def _entry(event: Event, links: dict[tuple[int, int], str]) -> StoryEntry:
    icon, kind = _LOOKS[Kind(event.kind)]
    words = [
        str(BounceClass(event.bounce_class).label) if event.bounce_class else "",
        str(Way(event.way).label) if event.way else "",
        links.get((event.mailing_id or 0, event.link_number or 0), ""),
        str(event.details.get("reply", ""))[:300],
        event.error or "",
    ]
    return StoryEntry(
        at=event.at,
        icon=icon,
        kind=kind,
        title=Kind(event.kind).label,
        text=" · ".join(word for word in words if word),
    )


def messages_named(text: str, *, limit: int) -> list[int]:
    """Messages an event of their provider names with this id of its own (index feedback_event_their_id)."""
    told = Event.objects.annotate(their_id=KeyTextTransform("id", "details"))
    found = told.filter(details__has_key="id", their_id=text, message_id__isnull=False)
    ids = {number for number in found.values_list("message_id", flat=True)[:limit] if number is not None}
    return sorted(ids, reverse=True)
