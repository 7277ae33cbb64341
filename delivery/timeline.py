"""What a contact's timeline shows of sending: each message, and what became of it."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.models import Contact
from contacts.registry import TimelineEntry
from delivery.models import Outcome
from delivery.reasons import Reason

State = Outcome.State
_ICONS = {State.ACCEPTED: "send", State.REFUSED: "mail-x", State.SKIPPED: "ban", State.UNKNOWN: "help-circle"}
_TONES = {State.ACCEPTED: "ok", State.REFUSED: "bad", State.SKIPPED: "", State.UNKNOWN: "warn"}


def messages_of(contact: Contact, *, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """Latest first; messages still pending are not part of anybody's past."""
    found = Outcome.objects.filter(message__contact_id=contact.pk, mailing__is_test=False).select_related("mailing")
    if before is not None:
        found = found.filter(at__lt=before)
    return [_entry(outcome) for outcome in found.order_by("-at", "-message_id")[:limit]]


def _entry(outcome: Outcome) -> TimelineEntry:
    state = State(outcome.state)
    titles = {
        State.ACCEPTED: _("“%(mailing)s” was sent"),
        State.REFUSED: _("“%(mailing)s” was refused"),
        State.SKIPPED: _("“%(mailing)s” was not sent"),
        State.UNKNOWN: _("“%(mailing)s”: nobody knows yet whether it arrived"),
    }
    return TimelineEntry(
        at=outcome.at,
        icon=_ICONS[state],
        title=titles[state] % {"mailing": outcome.mailing.name},
        detail=str(Reason(outcome.reason).label) if outcome.reason else "",
        url=reverse("delivery:message", args=(outcome.pk,)),
        tone=_TONES[state],
    )
