"""Whom contacts are told we have written to: an import's undo hangs on it."""

from datetime import UTC, datetime

from contacts.registry import mailed
from delivery.models import Mailing, Message, Outcome
from delivery.rights import written_to

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_all_with_a_message_but_those_it_was_skipped_for(mailing: Mailing) -> None:
    sent, planned, skipped, *_others = Message.objects.order_by("pk")
    for message, state in ((sent, Outcome.State.ACCEPTED), (skipped, Outcome.State.SKIPPED)):
        Outcome.objects.create(message=message, mailing=mailing, state=state, at=NOW)
    people = [message.contact_id or 0 for message in (sent, planned, skipped)]

    assert written_to([*people, 10**9]) == set(people[:2])


def test_contacts_ask_it() -> None:
    assert written_to in list(mailed)
