"""What the ledger keeps of one person: shown to them on demand, emptied when they ask to be erased."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from common.sql import load_sql
from contacts.models import Contact, FormerAddress
from delivery.models import Attempt, Mailing, Message, Outcome

SHOWN = 1_000  # messages in a copy of somebody's data, the latest


def erase_messages(contact: Contact) -> None:
    """Rows and figures stay; address, variables and the servers' words, which quote addresses, go."""
    mine = list(person_messages(contact).values_list("pk", flat=True))
    Outcome.objects.filter(message_id__in=mine).update(reply=None, conversation=None)
    Attempt.objects.filter(message_id__in=mine).update(reply=None, conversation=None)
    Message.objects.filter(pk__in=mine).update(address="", address_key=None, contact_id=None, vars={}, tracking=0)


def messages_held(contact: Contact) -> tuple[str, list[dict[str, Any]]]:
    """The messages written to a person, the latest first, and what became of each."""
    rows = list(person_messages(contact).order_by("-pk")[:SHOWN])
    outcomes = Outcome.objects.in_bulk([row.pk for row in rows])
    names = dict(Mailing.objects.filter(pk__in={row.mailing_id for row in rows}).values_list("pk", "name"))
    return "messages", [
        {
            "name": names.get(row.mailing_id, ""),
            "address": row.address,
            "used": row.vars,
            **_became(outcomes.get(row.pk)),
        }
        for row in rows
    ]


def written_to(contact_ids: Sequence[int]) -> set[int]:
    """Which of these contacts have a message that was sent, may have been, or is about to be: all but the skipped."""
    skipped = Outcome.objects.filter(message=OuterRef("pk"), state=Outcome.State.SKIPPED)
    rows = Message.objects.filter(contact_id__in=contact_ids).exclude(Exists(skipped))
    return set(rows.values_list("contact_id", flat=True))  # type: ignore[arg-type]  # none of them is null


def written_since(contact_ids: Sequence[int], *, since: datetime) -> set[int]:
    """Which of these contacts a campaign, or another mail to lists, was handed over for since then."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "written_since"), {"ids": list(contact_ids), "since": since})
        return {number for (number,) in cursor.fetchall()}


def give_messages(*, kept: Contact, other: Contact) -> None:
    """The messages of `other` are those of `kept` now.

    Where both got the same one, the copy keeps its address alone: a contact has one message an occasion, and the
    former address still leads to the person.
    """
    both = Message.objects.filter(contact_id=kept.pk).values("occasion")
    mine = Message.objects.filter(contact_id=other.pk)
    mine.exclude(occasion__in=both).update(contact_id=kept.pk)
    mine.update(contact_id=None)


def person_messages(contact: Contact) -> QuerySet[Message]:
    """Every message of a person, under former addresses of theirs, too."""
    former = FormerAddress.objects.filter(contact=contact).values_list("address_key", flat=True)
    return Message.objects.filter(Q(contact_id=contact.pk) | Q(address_key__in=[contact.address_key, *former]))


def _became(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"state": "pending"}
    stamps = ("at", "delivered_at", "opened_at", "clicked_at", "unsubscribed_at")
    said = {name: value.isoformat() for name in stamps if (value := getattr(outcome, name))}
    return {"state": Outcome.State(outcome.state).name.lower()} | said
