"""Who stands behind a number of a started campaign: selections of messages, to be cut into pages or exported."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.mailbox_providers import BY_NUMBER
from contacts.models import Contact
from delivery.ledger import people
from delivery.models import Batch, Link, Mailing, MessageState, Outcome
from delivery.reasons import Reason
from delivery.refusals import like
from feedback import queries as feedback

STATES = {"pending": 0, "sending": 1, "accepted": 2, "refused": 3, "skipped": 4, "unknown": 5}
STATE_WORDS = {
    "planned": gettext_lazy("Everybody planned"),
    "pending": gettext_lazy("Waiting"),
    "sending": gettext_lazy("Being sent"),
    "accepted": gettext_lazy("Accepted by the provider"),
    "refused": gettext_lazy("Refused"),
    "skipped": gettext_lazy("Left out"),
    "unknown": gettext_lazy("Fate unknown"),
}
# Figures of feedback.queries, in the words of a page's head.
DEEDS = {
    "delivered": gettext_lazy("Delivered"),
    "presumed": gettext_lazy("Presumed delivered"),
    "bounced": gettext_lazy("Bounced"),
    "hard_bounced": gettext_lazy("Bounced: dead address"),
    "soft_bounced": gettext_lazy("Bounced: passing trouble"),
    "complained": gettext_lazy("Complained"),
    "opened": gettext_lazy("Opened"),
    "clicked": gettext_lazy("Clicked"),
    "unsubscribed": gettext_lazy("Unsubscribed"),
    "not_opened": gettext_lazy("Did not open"),
    "not_clicked": gettext_lazy("Did not click"),
}
_WORD_OF = {number: word for word, number in STATES.items()}


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for, read from an address; anything unknown is left out."""

    state: str = "planned"
    reason: int | None = None
    did: str = ""
    mailbox: int | None = None
    link: int | None = None
    like: int | None = None  # a message: those whose server said the same

    @classmethod
    def read(cls, given: Any) -> "Selection":
        """From the parameters of a request."""
        state, did = given.get("state", ""), given.get("did", "")
        reason = _number(given.get("reason"))
        return cls(
            state=state if state in STATES else "planned",
            reason=reason if reason in Reason.values else None,
            did=did if did in DEEDS else "",
            mailbox=_number(given.get("mailbox")),
            link=_number(given.get("link")),
            like=_number(given.get("like")),
        )

    def title(self, mailing: Mailing) -> str:
        """In words, for the head of the page."""
        if self.link is not None:
            link = Link.objects.filter(mailing=mailing, number=self.link).first()
            return _("Clicked on %s") % ((link.label or link.url) if link else self.link)
        parts = [str(DEEDS[self.did] if self.did else STATE_WORDS[self.state])]
        if self.reason is not None:
            parts.append(str(Reason(self.reason).label))
        if self.mailbox in BY_NUMBER:
            parts.append(str(BY_NUMBER[self.mailbox].name))
        return " · ".join(parts)


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else None


def messages_of(mailing: Mailing, selection: Selection) -> "QuerySet[Any]":
    """Rows with `message_id`, `message`, `state`, `reason`; page them by ["message_id"]."""
    if selection.link is not None or selection.did:
        found: QuerySet[Any] = feedback.people(
            [mailing.pk], figure=selection.did or "accepted", link=selection.link
        ).filter(**_range(mailing))
    elif selection.state == "planned":
        found = MessageState.objects.filter(mailing_id=mailing.pk, **_range(mailing)).select_related("message")
    else:
        found = people(mailing.pk, state=STATES[selection.state], reason=selection.reason)
    if selection.like is not None and selection.state == "refused":
        found = like(found, selection.like)
    return found if selection.mailbox is None else found.filter(_at(mailing, selection.mailbox))


def _at(mailing: Mailing, mx_group: int) -> Q:
    """The messages to one mailbox provider, as the ranges of ids its batches make: a few for each block of the
    snapshot, and 17 ms a page at a million where a look at the batch of each message took 4 s."""
    ranges: list[list[int]] = []
    batches = Batch.objects.filter(mailing=mailing, mx_group=mx_group).order_by("first_id")
    for first, last in batches.values_list("first_id", "last_id"):
        if ranges and ranges[-1][1] + 1 == first:
            ranges[-1][1] = last
        else:
            ranges.append([first, last])
    found = Q(message_id__in=[])
    for first, last in ranges:
        found |= Q(message_id__gte=first, message_id__lte=last)
    return found


def _range(mailing: Mailing) -> dict[str, int]:
    """The messages of a mailing are one range of ids: the only index they need."""
    return {"message_id__gte": mailing.first_message_id or 0, "message_id__lte": mailing.last_message_id or 0}


@dataclass(frozen=True, slots=True)
class Person:
    """One row of a page or of the file. `at` is of the outcome; stamps are None where nothing was heard or may be."""

    message_id: int
    contact: Contact | None
    address: str
    state: str
    reason: str
    reply: str
    at: datetime | None
    outcome: Outcome | None

    @property
    def state_word(self) -> str:
        return str(MessageState.State(STATES[self.state]).label)

    @property
    def deeds(self) -> list[tuple[str, datetime]]:
        """What was heard of this person, in the order of time."""
        if self.outcome is None:
            return []
        names = ("delivered", "bounced", "complained", "opened", "clicked", "unsubscribed")
        stamps = [(str(DEEDS[name]), getattr(self.outcome, f"{name}_at")) for name in names]
        return sorted(((word, at) for word, at in stamps if at is not None), key=lambda pair: pair[1])


def persons(rows: Iterable[Any]) -> list[Person]:
    """Rows of `messages_of` with their contacts and outcomes: two queries at most, however many rows."""
    rows = list(rows)
    contacts = Contact.objects.in_bulk({row.message.contact_id for row in rows if row.message.contact_id})
    missing = [row.message_id for row in rows if not isinstance(row, Outcome)]
    outcomes = Outcome.objects.in_bulk(missing) if missing else {}
    outcomes |= {row.message_id: row for row in rows if isinstance(row, Outcome)}
    return [_person(row, contacts, outcomes.get(row.message_id)) for row in rows]


def _person(row: Any, contacts: dict[int, Contact], outcome: Outcome | None) -> Person:
    return Person(
        message_id=row.message_id,
        contact=contacts.get(row.message.contact_id),
        address=row.message.address,
        state=_WORD_OF[row.state],
        reason=str(Reason(row.reason).label) if row.reason else "",
        reply=(outcome.reply or "") if outcome and outcome.state != Outcome.State.ACCEPTED else "",
        at=outcome.at if outcome else None,
        outcome=outcome,
    )


_BLOCK = 1_000  # rows read at once for the file


def every_person(rows: "QuerySet[Any]") -> Iterator[Person]:
    """All of a selection, block by block: memory stays flat however many there are."""
    last = 0
    while block := list(rows.filter(message_id__gt=last).order_by("message_id")[:_BLOCK]):
        yield from persons(block)
        last = block[-1].message_id


def neutral(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
