"""Great arrays of deliveries: what one statement leaves behind is what storing and applying leave behind."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from contacts.models import Engagement
from delivery.models import Outcome
from feedback.applying import apply_pending
from feedback.deliveries import MANY, record_deliveries
from feedback.events import NewEvent, record_events
from feedback.models import BounceClass, Event, RollUp
from tests.feedback.payloads import KINDS, as_json, sendgrid_event, sendgrid_signature
from tests.feedback.sent import SENT_AT, Sent, send
from tests.statements import statements

pytestmark = pytest.mark.django_db
Kind = Event.Kind


@pytest.fixture
def sent(db: None) -> Sent:
    return send(6)


def deliveries(sent: Sent, *positions: int) -> list[NewEvent]:
    return [sent.event(Kind.DELIVERED, position, key=f"d{position}") for position in positions]


def stamps(sent: Sent) -> list[Any]:
    rows = Outcome.objects.filter(mailing=sent.mailing).order_by("message_id")
    return list(rows.values_list("state", "delivered_at", "bounced_at", "is_hard_bounce"))


def pending() -> int:
    return Event.objects.filter(applied_at=None).count()


def test_stored_applied_and_due_to_be_counted(sent: Sent) -> None:
    assert record_deliveries(deliveries(sent, 0, 1, 2)) == 3

    assert (Event.objects.count(), pending()) == (3, 0)
    assert sent.outcome(0).delivered_at == SENT_AT + timedelta(minutes=5)
    assert sent.outcome(3).delivered_at is None
    assert RollUp.objects.get().mailing_id == sent.mailing.pk


def test_a_repeat_in_another_order_changes_nothing_and_an_earlier_time_wins(sent: Sent) -> None:
    record_deliveries(deliveries(sent, 0, 1, 2))
    before = stamps(sent)

    assert record_deliveries(deliveries(sent, 2, 1, 0)) == 0
    assert stamps(sent) == before
    assert record_deliveries([sent.event(Kind.DELIVERED, 0, minutes=9), sent.event(Kind.DELIVERED, 0, minutes=2)]) == 2
    assert sent.outcome(0).delivered_at == SENT_AT + timedelta(minutes=2)


def test_what_is_not_plain_waits_for_the_other_pass(sent: Sent) -> None:
    Outcome.objects.filter(pk=sent.messages[0]).update(state=Outcome.State.UNKNOWN)
    Outcome.objects.filter(pk=sent.messages[1]).update(state=Outcome.State.REFUSED)
    Outcome.objects.filter(pk=sent.messages[2]).delete()
    Engagement.objects.update_or_create(contact=sent.contacts[3], defaults={"soft_bounce_count": 2})
    foreign = sent.event(Kind.DELIVERED, 4, mailing=sent.mailing.pk + 1)

    assert record_deliveries([*deliveries(sent, 0, 1, 2, 3, 5), foreign]) == 6

    assert pending() == 5
    assert [row[1] for row in stamps(sent)] == [None, None, None, None, SENT_AT + timedelta(minutes=5)]
    apply_pending()
    assert Engagement.objects.get(contact=sent.contacts[3]).soft_bounce_count == 0
    assert sent.outcome(1).delivered_at is None
    assert Event.objects.get(message_id=sent.messages[4]).error == "no such message"


def test_leaves_what_storing_and_applying_leave(sent: Sent) -> None:
    other = send(6)
    Outcome.objects.filter(pk__in=[sent.messages[1], other.messages[1]]).update(state=Outcome.State.SKIPPED)
    for one in (sent, other):
        record_events([one.event(Kind.BOUNCED, 2, bounce_class=BounceClass.SOFT, minutes=1)])
    apply_pending()

    record_deliveries(deliveries(sent, *range(6)))
    record_events(deliveries(other, *range(6)))
    apply_pending()

    assert stamps(sent) == stamps(other)
    assert pending() == 0


def test_statements_do_not_grow_with_the_array(sent: Sent) -> None:
    for positions in ((0,), (1, 2, 3, 4, 5)):
        with statements() as ran:
            record_deliveries(deliveries(sent, *positions))
        assert len(ran) == 2  # and the roll-up asked for


@pytest.mark.parametrize("count", [MANY - 1, MANY])
def test_a_webhook_with_many_applies_them_and_leaves_the_rest(client: Client, count: int) -> None:
    known = {"webhook_secret": "s", **KINDS["sendgrid"].credentials}
    sent = send(count + 1, kind="sendgrid", credentials=known)
    names = ["bounce", *["delivered"] * count]
    post = as_json(
        [
            sendgrid_event(f"{sent.mailing.pk}.{message}", number=message) | {"event": name}
            for message, name in zip(sent.messages, names, strict=True)
        ]
    )
    arguments = post.arguments
    arguments["headers"] = sendgrid_signature(arguments["data"])

    assert client.post(f"/hooks/{sent.provider.pk}/s/", **arguments).status_code == 200

    assert Event.objects.count() == count + 1
    assert pending() == (count + 1 if count < MANY else 1)
    apply_pending()
    assert Outcome.objects.exclude(delivered_at=None).count() == count
    assert Outcome.objects.filter(is_hard_bounce=True).count() == 1
