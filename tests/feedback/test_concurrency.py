"""Real connections, real locks: the same events five times, out of order, from three threads."""

from collections.abc import Callable
from random import Random
from threading import Thread

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from contacts.models import Engagement, Suppression
from delivery.models import Outcome
from feedback.applying import apply_pending
from feedback.deliveries import is_delivery, record_deliveries
from feedback.events import NewEvent, record_events
from feedback.models import BounceClass, Event, LinkStats, MailingStats
from feedback.rollups import roll_up
from tests.feedback.sent import Sent, send

pytestmark = pytest.mark.django_db(transaction=True)
Kind = Event.Kind
STAMPS = ("delivered_at", "bounced_at", "is_hard_bounce", "complained_at", "opened_at", "clicked_at")


def in_threads(*jobs: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def what_happened(sent: Sent) -> list[NewEvent]:
    events: list[NewEvent] = []
    for number in range(len(sent.messages)):
        events.append(sent.event(Kind.DELIVERED, number, minutes=1))
        events += [sent.event(Kind.OPENED, number, minutes=minutes) for minutes in (70, 3, 9)]
        if number % 2 == 0:
            events += [sent.event(Kind.CLICKED, number, minutes=minutes, link=1) for minutes in (130, 8)]
        if number % 5 == 0:
            events.append(sent.event(Kind.COMPLAINED, number, minutes=30))
        if number % 7 == 0:
            events.append(sent.event(Kind.BOUNCED, number, minutes=40, bounce_class=BounceClass.SOFT))
        if number % 11 == 0:
            events.append(sent.event(Kind.BOUNCED, number, minutes=41, bounce_class=BounceClass.HARD))
    return events


def picture(sent: Sent) -> object:
    roll_up([sent.mailing.pk])
    names = [field.name for field in MailingStats._meta.fields if field.name.endswith("_count")]
    return (
        list(Outcome.objects.filter(mailing=sent.mailing).order_by("pk").values_list(*STAMPS)),
        MailingStats.objects.aggregate(**{name: Sum(name) for name in names}),
        list(MailingStats.objects.order_by("hour").values_list("hour", "opened_count", "clicked_count")),
        list(LinkStats.objects.values_list("number", "people_count", "click_count")),
        sorted(Suppression.objects.values_list("address_key", "reason", "scope")),
        sorted(Engagement.objects.values_list("contact_id", "last_opened_on", "last_clicked_at", "soft_bounce_count")),
    )


def record(events: list[NewEvent]) -> None:
    """As a webhook does with a great array."""
    with transaction.atomic():
        record_events([event for event in events if not is_delivery(event)])
        record_deliveries([event for event in events if is_delivery(event)])


def test_five_times_out_of_order_from_three_threads_is_as_once() -> None:
    sent = send(60)
    events = what_happened(sent)
    for position in range(0, len(events), 7):
        record_events(events[position : position + 7])
    apply_pending()
    once = picture(sent)
    _forget(sent)

    random = Random(3)
    deliveries = [random.sample(events, len(events)) for _ in range(5)]

    def deliver(mine: list[list[NewEvent]]) -> None:
        for delivery in mine:
            for position in range(0, len(delivery), 13):
                record(delivery[position : position + 13])
                if position % 39 == 0:
                    apply_pending()
        apply_pending()

    in_threads(*(lambda mine=deliveries[start::3]: deliver(mine) for start in range(3)))
    apply_pending()

    assert not Event.objects.filter(applied_at=None).exists()
    assert not Event.objects.exclude(error=None).exists()
    assert picture(sent) == once


def test_three_threads_over_one_queue_share_it() -> None:
    sent = send(40)
    record_events(what_happened(sent))

    in_threads(apply_pending, apply_pending, apply_pending)
    apply_pending()

    assert not Event.objects.filter(applied_at=None).exists()
    assert Outcome.objects.filter(delivered_at=None).count() == 0


def test_two_threads_with_one_soft_bounce_each_count_two() -> None:
    """Each sees its own bounce only until it holds the contact."""
    first = send(1)
    second = send(1)
    contact = first.contacts[0]
    with connection.cursor() as cursor:
        cursor.execute("update delivery_message set contact_id = %s where id = %s", [contact.pk, second.messages[0]])
    for _ in range(3):
        Engagement.objects.all().delete()
        Event.objects.all().delete()
        Outcome.objects.update(bounced_at=None, is_hard_bounce=None)
        record_events([first.event(Kind.BOUNCED, bounce_class=BounceClass.SOFT)])
        record_events([second.event(Kind.BOUNCED, bounce_class=BounceClass.SOFT)])

        in_threads(lambda: apply_pending(blocks=2), lambda: apply_pending(blocks=2))
        apply_pending()

        assert Engagement.objects.get(contact=contact).soft_bounce_count == 2


def _forget(sent: Sent) -> None:
    """Back to the moment after sending."""
    Event.objects.all().delete()
    Suppression.objects.all().delete()
    Engagement.objects.all().delete()
    MailingStats.objects.all().delete()
    LinkStats.objects.all().delete()
    Outcome.objects.filter(mailing=sent.mailing).update(**dict.fromkeys(STAMPS))
