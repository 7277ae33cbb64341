from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone

from contacts.tracking import Mode, Tracking
from delivery.models import Batch, Content, Mailing, Message, Outcome
from feedback.applying import apply_pending
from feedback.events import NewEvent, record_events
from feedback.models import BounceClass, Event, LinkStats, MailingStats, RollUp, Way
from feedback.rates import Counts, by_name, counts_of, rates_of
from feedback.rollups import roll_up, roll_up_due, touch
from tests.feedback.sent import SENT_AT, Sent, send

pytestmark = pytest.mark.django_db
Kind = Event.Kind


def counted(sent: Sent) -> Counts:
    roll_up([sent.mailing.pk])
    return counts_of([sent.mailing.pk])


def tell(*events: NewEvent) -> None:
    record_events(events)
    apply_pending()


class TestWhatIsCounted:
    def test_people_at_their_first_time_in_their_hour(self, sent: Sent) -> None:
        tell(
            *(sent.event(Kind.DELIVERED, number, minutes=1) for number in range(3)),
            sent.event(Kind.OPENED, 0, minutes=10),
            sent.event(Kind.OPENED, 0, minutes=50),
            sent.event(Kind.OPENED, 1, minutes=95),
            sent.event(Kind.CLICKED, 0, minutes=40, link=1),
            sent.event(Kind.CLICKED, 0, minutes=41, link=2),
        )

        counts = counted(sent)

        assert (counts.accepted_count, counts.delivered_count, counts.presumed_count) == (3, 3, 0)
        assert (counts.opened_count, counts.clicked_count) == (2, 1)
        by_hour = MailingStats.objects.order_by("hour").values_list("hour", "opened_count", "clicked_count")
        nine = SENT_AT.replace(minute=0)
        assert list(by_hour) == [
            (nine, 1, 0),
            (nine + timedelta(hours=1), 0, 1),
            (nine + timedelta(hours=2), 1, 0),
        ]

    def test_without_confirmations_delivery_is_presumed(self) -> None:
        sent = send(3, kind="smtp")
        tell(sent.event(Kind.BOUNCED, 2, bounce_class=BounceClass.HARD))

        counts = counted(sent)

        assert (counts.delivered_count, counts.presumed_count, counts.reached) == (0, 2, 2)
        assert by_name(rates_of([sent.mailing.pk]))["delivery"].is_presumed

    def test_where_delivery_is_confirmed_silence_is_no_delivery(self, sent: Sent) -> None:
        tell(sent.event(Kind.DELIVERED, 0))

        counts = counted(sent)

        assert (counts.delivered_count, counts.presumed_count) == (1, 0)

    @pytest.mark.parametrize(
        ("events", "delivered", "hard", "soft"),
        [
            ([(Kind.BOUNCED, 1, BounceClass.SOFT), (Kind.DELIVERED, 5, None)], 1, 0, 0),
            ([(Kind.DELIVERED, 1, None), (Kind.BOUNCED, 5, BounceClass.SOFT)], 0, 0, 1),
            ([(Kind.DELIVERED, 1, None), (Kind.BOUNCED, 5, BounceClass.HARD)], 0, 1, 0),
            ([(Kind.BOUNCED, 1, BounceClass.HARD), (Kind.DELIVERED, 5, None)], 0, 1, 0),
            ([(Kind.BOUNCED, 1, BounceClass.POLICY)], 0, 0, 1),
            ([(Kind.REJECTED, 1, BounceClass.NEUTRAL)], 0, 0, 1),
            ([(Kind.DEFERRED, 1, None)], 0, 0, 0),
        ],
    )
    def test_a_soft_bounce_is_final_only_without_a_delivery_after_it(
        self, events: list[tuple[Kind, int, Any]], delivered: int, hard: int, soft: int
    ) -> None:
        sent = send(1)
        tell(*(sent.event(kind, minutes=minutes, bounce_class=meaning) for kind, minutes, meaning in events))

        counts = counted(sent)

        assert (counts.delivered_count, counts.hard_bounce_count, counts.soft_bounce_count) == (delivered, hard, soft)

    def test_only_the_accepted_count(self, sent: Sent) -> None:
        Outcome.objects.filter(pk=sent.messages[0]).update(state=Outcome.State.REFUSED)
        Outcome.objects.filter(pk=sent.messages[1]).update(state=Outcome.State.SKIPPED)

        assert counted(sent).accepted_count == 1

    def test_who_could_be_measured(self) -> None:
        sent = send(3)
        modes = [(Mode.FULL, Mode.FULL), (Mode.HYGIENE, Mode.FULL), (Mode.NONE, Mode.AGGREGATE)]
        for message, (opens, clicks) in zip(sent.messages, modes, strict=True):
            Message.objects.filter(pk=message).update(tracking=int(Tracking(opens=opens, clicks=clicks)))
        tell(
            *(sent.event(Kind.DELIVERED, number) for number in range(3)),
            sent.event(Kind.OPENED, 0),
            sent.event(Kind.CLICKED, 0),
            sent.event(Kind.CLICKED, 1),
        )

        counts = counted(sent)

        assert (counts.open_measurable_count, counts.click_measurable_count) == (1, 2)
        assert (counts.both_opened_count, counts.both_clicked_count) == (1, 1)
        rates = by_name(rates_of([sent.mailing.pk]))
        assert (rates["open"].numerator, rates["open"].denominator) == (1, 1)
        assert (rates["click"].numerator, rates["click"].denominator, rates["click"].measurable) == (2, 3, 2)

    def test_hits_without_a_name_are_counted_apart(self, sent: Sent) -> None:
        nobody = {"message": None, "source": 0}
        tell(
            sent.event(Kind.OPENED, **nobody),
            sent.event(Kind.OPENED, **nobody),
            sent.event(Kind.CLICKED, link=1, **nobody),
            sent.event(Kind.CLICKED, link=1),
        )

        counts = counted(sent)

        assert (counts.anonymous_open_count, counts.anonymous_click_count) == (2, 1)
        assert (counts.opened_count, counts.clicked_count) == (0, 1)

    def test_unsubscribed_by_way(self) -> None:
        sent = send(4)
        tell(*(sent.event(Kind.UNSUBSCRIBED, number, way=way, source=0) for number, way in enumerate(Way)))

        counts = counted(sent)

        assert counts.unsubscribed_count == 4
        assert (counts.one_click_count, counts.unsubscribe_link_count, counts.preference_page_count) == (1, 1, 1)

    def test_contents_and_mailbox_providers_apart(self, sent: Sent) -> None:
        second = Content.objects.create(
            mailing=sent.mailing, language="en", subject="Sales", sender_address="a@b.example", html="<p>"
        )
        Message.objects.filter(pk=sent.messages[2]).update(content=second)
        Batch.objects.filter(pk=sent.batch.pk).update(last_id=sent.messages[1])
        Batch.objects.create(
            mailing=sent.mailing,
            provider=sent.provider,
            mx_group=4,
            first_id=sent.messages[2],
            last_id=sent.messages[2],
            state=Batch.State.DONE,
            due_at=SENT_AT,
            done_to=sent.messages[2] - 1,
            open_to=sent.messages[2] - 1,
        )

        roll_up([sent.mailing.pk])

        assert set(MailingStats.objects.values_list("content_id", "mx_group", "accepted_count")) == {
            (sent.content.pk, 1, 2),
            (second.pk, 4, 1),
        }

    def test_links(self, sent: Sent) -> None:
        tell(
            sent.event(Kind.CLICKED, 0, link=1, minutes=1),
            sent.event(Kind.CLICKED, 0, link=1, minutes=2),
            sent.event(Kind.CLICKED, 1, link=1, minutes=3),
            sent.event(Kind.CLICKED, 1, link=2, minutes=4),
            sent.event(Kind.CLICKED, link=2, message=None, source=0),
        )

        roll_up([sent.mailing.pk])

        rows = LinkStats.objects.order_by("number").values_list(
            "number", "people_count", "click_count", "anonymous_count"
        )
        assert list(rows) == [(1, 2, 3, 0), (2, 1, 1, 1)]


class TestWhen:
    def test_again_is_the_same(self, sent: Sent) -> None:
        tell(sent.event(Kind.DELIVERED), sent.event(Kind.CLICKED, link=1))
        first = counted(sent)

        assert counted(sent) == first
        assert MailingStats.objects.aggregate(all=Sum("accepted_count"))["all"] == 3

    def test_only_what_was_touched(self, sent: Sent) -> None:
        other = send(1)
        roll_up_due()
        assert roll_up_due() == []
        RollUp.objects.update(took=timedelta(0))

        tell(sent.event(Kind.DELIVERED))

        assert roll_up_due() == [sent.mailing.pk]
        assert roll_up_due() == []
        assert RollUp.objects.get(mailing=other.mailing).rolled_at is not None

    def accept(self, sent: Sent, position: int) -> None:
        Outcome.objects.filter(pk=sent.messages[position]).update(state=Outcome.State.ACCEPTED)
        Batch.objects.filter(pk=sent.batch.pk).update(accepted_count=F("accepted_count") + 1)
        RollUp.objects.update(took=timedelta(0))

    def test_what_is_being_sent_is_counted_whenever_more_was_accepted(self, sent: Sent) -> None:
        Mailing.objects.filter(pk=sent.mailing.pk).update(state=Mailing.State.SENDING, finished_at=None)
        Outcome.objects.exclude(pk=sent.messages[0]).update(state=Outcome.State.UNKNOWN)
        Batch.objects.filter(pk=sent.batch.pk).update(accepted_count=1)
        assert roll_up_due() == [sent.mailing.pk]
        assert roll_up_due() == []

        self.accept(sent, 1)
        assert roll_up_due() == [sent.mailing.pk]

        self.accept(sent, 2)
        Mailing.objects.filter(pk=sent.mailing.pk).update(state=Mailing.State.FINISHED, finished_at=timezone.now())
        assert roll_up_due() == [sent.mailing.pk]
        assert roll_up_due() == []

    def test_a_doubt_a_person_settled_later_is_found_at_night(self, sent: Sent) -> None:
        Outcome.objects.filter(pk=sent.messages[0]).update(state=Outcome.State.UNKNOWN)
        Batch.objects.filter(pk=sent.batch.pk).update(accepted_count=2)
        roll_up_due()

        self.accept(sent, 0)

        assert roll_up_due() == []
        assert roll_up_due(nightly=True) == [sent.mailing.pk]

    def test_a_large_mailing_rests_five_times_as_long_as_its_count_took(self, sent: Sent) -> None:
        roll_up([sent.mailing.pk])
        RollUp.objects.update(took=timedelta(hours=1))
        touch([sent.mailing.pk])
        assert roll_up_due() == []

        RollUp.objects.update(rolled_at=timezone.now() - timedelta(hours=6))
        assert roll_up_due() == [sent.mailing.pk]

    def test_an_unknown_mailing_is_ignored(self) -> None:
        touch([999_999])
        touch([])

        assert not RollUp.objects.exists()

    @pytest.mark.parametrize("people", [1, 3])
    def test_takes_a_constant_number_of_statements(self, people: int, django_assert_num_queries: Any) -> None:
        sent = send(people)
        with django_assert_num_queries(13):
            roll_up([sent.mailing.pk])

    def test_reads_no_table_from_end_to_end(self, sent: Sent) -> None:
        """Through batches and primary keys: the cost follows the mailing, not the tables."""
        from common.sql import load_sql

        with connection.cursor() as cursor:
            cursor.execute("set local enable_seqscan = off")
            cursor.execute(
                "explain " + load_sql("feedback", "roll_up"), {"mailing": sent.mailing.pk, "confirming": ["mailgun"]}
            )
            plan = "\n".join(line for (line,) in cursor.fetchall())

        assert "Seq Scan on delivery_outcome" not in plan
        assert "Seq Scan on delivery_message" not in plan
