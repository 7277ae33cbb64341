from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.paging import page
from delivery.models import Outcome
from feedback import queries
from feedback.applying import apply_pending
from feedback.events import record_events
from feedback.models import BounceClass, Event
from feedback.rates import counts_between, counts_of
from feedback.rollups import roll_up
from tests.feedback.sent import SENT_AT, Sent, send

pytestmark = pytest.mark.django_db
Kind = Event.Kind


@pytest.fixture
def told(sent: Sent) -> Sent:
    sent.add_link("https://maison-verdier.example/soldes", "Voir les soldes")
    sent.add_link("https://maison-verdier.example/carnet", "Le carnet")
    record_events(
        [
            sent.event(Kind.DELIVERED, 0),
            sent.event(Kind.DELIVERED, 1),
            sent.event(Kind.BOUNCED, 2, bounce_class=BounceClass.HARD),
            sent.event(Kind.OPENED, 0, minutes=45),
            sent.event(Kind.CLICKED, 0, minutes=50, link=2),
            sent.event(Kind.COMPLAINED, 1),
            sent.event(Kind.UNSUBSCRIBED, 1, source=0),
        ]
    )
    apply_pending()
    roll_up([sent.mailing.pk])
    return sent


def test_the_people_behind_each_figure_are_as_many_as_the_figure_says(told: Sent) -> None:
    counts = counts_of([told.mailing.pk])
    found = {figure: queries.people([told.mailing.pk], figure=figure).count() for figure in queries.FIGURES}

    assert found == {
        "accepted": counts.accepted_count,
        "delivered": counts.delivered_count,
        "presumed": 0,
        "bounced": counts.bounced,
        "hard_bounced": counts.hard_bounce_count,
        "soft_bounced": counts.soft_bounce_count,
        "complained": counts.complained_count,
        "opened": counts.opened_count,
        "clicked": counts.clicked_count,
        "unsubscribed": counts.unsubscribed_count,
        "not_opened": 1,
        "not_clicked": 1,
    }


def test_where_nothing_is_confirmed_the_presumed_are_people_too() -> None:
    sent = send(3, kind="smtp")
    record_events([sent.event(Kind.BOUNCED, 2, bounce_class=BounceClass.SOFT)])
    apply_pending()
    roll_up([sent.mailing.pk])

    assert queries.people([sent.mailing.pk], figure="presumed").count() == counts_of([sent.mailing.pk]).presumed_count


def test_the_people_of_a_link(told: Sent) -> None:
    rows = queries.people([told.mailing.pk], figure="clicked", link=2)

    assert [row.message.address for row in rows] == [told.contacts[0].address]
    assert not queries.people([told.mailing.pk], figure="clicked", link=1)


def test_people_are_cut_into_pages_by_key(told: Sent, django_assert_num_queries: Any) -> None:
    rows = queries.people([told.mailing.pk], figure="accepted")
    with django_assert_num_queries(1):
        first = page(rows, order=["message_id"], size=2)
        assert [row.message.address for row in first.rows] == [contact.address for contact in told.contacts[:2]]
    assert [row.message_id for row in page(rows, order=["message_id"], cursor=first.after, size=2).rows] == [
        told.messages[2]
    ]


def test_an_unknown_figure_is_an_error_of_the_caller(told: Sent) -> None:
    with pytest.raises(KeyError):
        queries.people([told.mailing.pk], figure="everybody")


def test_the_hours_of_a_mailing(told: Sent, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        hours = queries.hours([told.mailing.pk])

    assert [(span.start.hour, span.counts.opened_count) for span in hours] == [(9, 0), (10, 1)]


def test_days_are_cut_in_the_zone_asked_for() -> None:
    sent = send(1)
    Outcome.objects.update(at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    roll_up([sent.mailing.pk])
    window = {"start": datetime(2026, 11, 1, tzinfo=UTC), "end": datetime(2026, 12, 1, tzinfo=UTC)}

    in_paris = queries.days(zone=ZoneInfo("Europe/Paris"), **window)
    in_utc = queries.days(zone=ZoneInfo("UTC"), **window)

    assert [span.start.day for span in in_paris] == [21]
    assert [span.start.day for span in in_utc] == [20]
    assert counts_between(**window).accepted_count == 1
    assert counts_between(start=window["end"], end=window["end"] + timedelta(days=9)).accepted_count == 0
    assert counts_between(**window, is_sample=True).accepted_count == 0


def test_every_link_is_listed_with_its_clicks_the_most_clicked_first(
    told: Sent, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        rows = queries.links(told.mailing.pk)

    assert [(row.number, row.label, row.people, row.clicks) for row in rows] == [
        (2, "Le carnet", 1, 1),
        (1, "Voir les soldes", 0, 0),
    ]


def test_mailbox_providers(told: Sent) -> None:
    rows = queries.mailbox_providers([told.mailing.pk])

    assert [(row.label, row.counts.accepted_count, row.counts.bounced) for row in rows] == [("Gmail", 3, 1)]
    assert SENT_AT.hour == 9
