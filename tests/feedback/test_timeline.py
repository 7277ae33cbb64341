from datetime import timedelta
from typing import Any

import pytest

from contacts.registry import timeline
from feedback.applying import apply_pending
from feedback.events import record_events
from feedback.models import BounceClass, Event, Way
from feedback.timeline import entries
from tests.feedback.sent import SENT_AT, Sent

pytestmark = pytest.mark.django_db
Kind = Event.Kind


@pytest.fixture
def told(sent: Sent) -> Sent:
    sent.add_link("https://maison-verdier.example/soldes", "Voir les soldes")
    record_events(
        [
            sent.event(Kind.DELIVERED, minutes=1),
            sent.event(Kind.OPENED, minutes=2),
            sent.event(Kind.CLICKED, minutes=3, link=1),
            sent.event(Kind.BOUNCED, minutes=4, bounce_class=BounceClass.SOFT, details={"reply": "452 full"}),
            sent.event(Kind.COMPLAINED, minutes=5),
            sent.event(Kind.UNSUBSCRIBED, minutes=6, way=Way.ONE_CLICK, source=0),
            sent.event(Kind.OPENED, 1, minutes=7),
        ]
    )
    apply_pending()
    return sent


def test_is_registered_with_the_contacts_page() -> None:
    assert entries in list(timeline)


def test_tells_what_one_person_did_latest_first(told: Sent) -> None:
    found = entries(told.contacts[0], before=None, limit=10)

    assert [(entry.title, entry.detail) for entry in found] == [
        ("Left through “Soldes d’hiver”", "button of the mail program"),
        ("Reported “Soldes d’hiver” as spam", ""),
        ("“Soldes d’hiver” bounced", "passing trouble · 452 full"),
        ("Clicked in “Soldes d’hiver”", "Voir les soldes"),
        ("Opened “Soldes d’hiver”", ""),
    ]


def test_is_cut_by_time(told: Sent) -> None:
    found = entries(told.contacts[0], before=SENT_AT + timedelta(minutes=4), limit=1)

    assert [entry.title for entry in found] == ["Clicked in “Soldes d’hiver”"]


@pytest.mark.parametrize("limit", [1, 5])
def test_takes_three_statements(told: Sent, limit: int, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        entries(told.contacts[0], before=None, limit=limit)
