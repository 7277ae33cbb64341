import pytest
from django.utils import timezone

from contacts.registry import erasure, holdings
from contacts.services.erasure import erase_contact
from feedback.applying import apply_pending
from feedback.erasing import empty_events, known_events
from feedback.events import record_events
from feedback.models import Event
from tests.feedback.sent import Sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(sent: Sent) -> Sent:
    words = {"raw": {"email": "camille@courriel.example"}, "agent": "Firefox"}
    record_events([sent.event(Event.Kind.CLICKED, number, link=1, details=words) for number in (0, 1)])
    apply_pending()
    return sent


def test_is_registered_with_contacts() -> None:
    assert empty_events in list(erasure)
    assert known_events in list(holdings)


def test_erasing_one_person_leaves_the_event_and_nothing_they_said(told: Sent) -> None:
    empty_events(told.contacts[0])

    details = dict(Event.objects.values_list("message_id", "details"))
    assert details[told.messages[0]] == {}
    assert details[told.messages[1]]["agent"] == "Firefox"
    assert told.outcome().clicked_at is not None


def test_a_copy_of_their_data_tells_what_happened(told: Sent) -> None:
    name, rows = known_events(told.contacts[0])

    assert name == "events"
    assert [(row["kind"], row["mailing"], row["link"], row["user_agent"]) for row in rows] == [
        ("clicked", told.mailing.pk, 1, "Firefox")
    ]


def test_erasing_finds_the_events_before_the_messages_forget_their_person(told: Sent) -> None:
    erase_contact(contact=told.contacts[0], at=timezone.now())

    assert Event.objects.get(message_id=told.messages[0]).details == {}
