from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from contacts.models import Contact, Engagement, Subscription, Suppression
from delivery.models import Batch, Message, Outcome
from feedback.applying import apply_pending, oldest_pending
from feedback.events import OURSELVES, NewEvent, record_events
from feedback.models import BounceClass, Event, MailingStats, RollUp, Way
from feedback.rollups import roll_up_due
from tests.feedback.sent import SENT_AT, Sent, send

pytestmark = pytest.mark.django_db
Kind = Event.Kind


def tell(*events: NewEvent) -> None:
    record_events(events)
    apply_pending()


def suppressions() -> set[tuple[str | None, int, int]]:
    return set(Suppression.objects.values_list("address_key", "reason", "scope"))


class TestStamps:
    def test_each_kind_sets_its_first_time(self, sent: Sent) -> None:
        tell(
            sent.event(Kind.DELIVERED, minutes=1),
            sent.event(Kind.OPENED, minutes=5),
            sent.event(Kind.OPENED, minutes=3),
            sent.event(Kind.CLICKED, minutes=4, link=1),
            sent.event(Kind.COMPLAINED, minutes=9),
            sent.event(Kind.BOUNCED, 1, minutes=2, bounce_class=BounceClass.HARD),
        )

        first, second = sent.outcome(0), sent.outcome(1)
        assert first.delivered_at == SENT_AT + timedelta(minutes=1)
        assert first.opened_at == SENT_AT + timedelta(minutes=3)
        assert first.clicked_at == SENT_AT + timedelta(minutes=4)
        assert first.complained_at == SENT_AT + timedelta(minutes=9)
        assert first.is_hard_bounce is None
        assert second.bounced_at == SENT_AT + timedelta(minutes=2)
        assert second.is_hard_bounce is True

    def test_an_earlier_time_that_comes_later_wins_and_a_later_one_changes_nothing(self, sent: Sent) -> None:
        tell(sent.event(Kind.OPENED, minutes=10))
        tell(sent.event(Kind.OPENED, minutes=20))
        tell(sent.event(Kind.OPENED, minutes=5))

        assert sent.outcome().opened_at == SENT_AT + timedelta(minutes=5)

    def test_a_hard_bounce_stays_hard(self, sent: Sent) -> None:
        tell(sent.event(Kind.BOUNCED, minutes=10, bounce_class=BounceClass.HARD))
        tell(sent.event(Kind.BOUNCED, minutes=1, bounce_class=BounceClass.SOFT))

        outcome = sent.outcome()
        assert outcome.bounced_at == SENT_AT + timedelta(minutes=1)
        assert outcome.is_hard_bounce is True

    def test_how_somebody_left_is_the_first_way(self, sent: Sent) -> None:
        tell(sent.event(Kind.UNSUBSCRIBED, minutes=8, way=Way.LINK, source=OURSELVES))
        tell(sent.event(Kind.UNSUBSCRIBED, minutes=2, way=Way.ONE_CLICK, source=OURSELVES))
        tell(sent.event(Kind.UNSUBSCRIBED, minutes=9, way=Way.PREFERENCES, source=OURSELVES))

        assert sent.outcome().unsubscribed_by == Way.ONE_CLICK
        assert sent.outcome().unsubscribed_at == SENT_AT + timedelta(minutes=2)

    def test_a_refused_message_takes_no_stamps(self, sent: Sent) -> None:
        Outcome.objects.filter(pk=sent.messages[0]).update(state=Outcome.State.REFUSED)

        tell(sent.event(Kind.OPENED), sent.event(Kind.CLICKED))

        assert sent.outcome().opened_at is None
        assert not Event.objects.filter(applied_at=None).exists()

    def test_statements_do_not_grow_with_events(self, django_assert_num_queries: Any) -> None:
        small, large = send(1), send(3)
        counts = []
        for mailing in (small, large):
            record_events(
                [mailing.event(Kind.DELIVERED, n) for n in range(len(mailing.messages))]
                + [mailing.event(Kind.CLICKED, n) for n in range(len(mailing.messages))]
                + [mailing.event(Kind.COMPLAINED, n) for n in range(len(mailing.messages))]
                + [mailing.event(Kind.BOUNCED, n, bounce_class=BounceClass.SOFT) for n in range(len(mailing.messages))]
            )
            with connection.execute_wrapper(lambda run, *args: counts.append(1) or run(*args)):
                apply_pending()
            counts.append(0)

        first, second = counts[: counts.index(0)], counts[counts.index(0) + 1 : -1]
        assert len(first) == len(second)


class TestWaitingAndDoubt:
    def test_an_event_of_a_message_on_the_wire_waits_until_its_fate_is_known(self, sent: Sent) -> None:
        Outcome.objects.filter(pk=sent.messages[0]).delete()
        Batch.objects.filter(pk=sent.batch.pk).update(
            state=1, claim=5, lease_until=timezone.now() + timedelta(minutes=9), open_to=sent.messages[0]
        )
        tell(sent.event(Kind.DELIVERED, minutes=1))
        assert Event.objects.get().applied_at is None
        assert oldest_pending() is not None

        Outcome.objects.create(message_id=sent.messages[0], mailing=sent.mailing, state=2, at=SENT_AT)
        apply_pending()

        assert Event.objects.get().applied_at is not None
        assert oldest_pending() is None
        assert sent.outcome().delivered_at == SENT_AT + timedelta(minutes=1)

    def test_what_a_provider_says_settles_a_doubt(self, sent: Sent) -> None:
        Outcome.objects.filter(pk=sent.messages[0]).update(state=Outcome.State.UNKNOWN, claim=5)
        Batch.objects.filter(pk=sent.batch.pk).update(accepted_count=2, unknown_count=1)

        tell(sent.event(Kind.DELIVERED))

        sent.batch.refresh_from_db()
        assert sent.outcome().state == Outcome.State.ACCEPTED
        assert sent.outcome().delivered_at is not None
        assert (sent.batch.accepted_count, sent.batch.unknown_count) == (3, 0)

    def test_an_open_settles_a_doubt_only_after_any_lease(self, sent: Sent) -> None:
        Outcome.objects.filter(pk=sent.messages[0]).update(state=Outcome.State.UNKNOWN, claim=5)
        Batch.objects.filter(pk=sent.batch.pk).update(accepted_count=2, unknown_count=1)

        tell(sent.event(Kind.OPENED, minutes=2, source=OURSELVES))
        assert sent.outcome().state == Outcome.State.UNKNOWN
        assert Event.objects.get().applied_at is None

        tell(sent.event(Kind.CLICKED, minutes=40, source=OURSELVES))
        apply_pending()
        assert sent.outcome().state == Outcome.State.ACCEPTED
        assert sent.outcome().opened_at == SENT_AT + timedelta(minutes=2)

    def test_an_event_that_names_no_message_of_ours_is_kept_and_changes_nothing(self, sent: Sent) -> None:
        tell(
            sent.event(Kind.COMPLAINED, message=99),
            sent.event(Kind.BOUNCED, bounce_class=BounceClass.HARD, mailing=sent.mailing.pk + 1),
            sent.event(Kind.BOUNCED, bounce_class=BounceClass.HARD, mailing=None, message=None),
        )

        assert list(Event.objects.order_by("id").values_list("error", flat=True)) == [
            "no such message",
            "no such message",
            None,
        ]
        assert suppressions() == set()
        assert sent.outcome().bounced_at is None


class TestPoison:
    def test_a_poison_event_is_set_aside_with_its_error_and_the_rest_is_applied(self, sent: Sent) -> None:
        record_events([sent.event(Kind.DELIVERED, n) for n in range(3)])
        with connection.cursor() as cursor:  # a time no calendar of ours can hold
            cursor.execute(
                "update feedback_event set at = 'infinity' where message_id = %s returning id", [sent.messages[1]]
            )
            poison = cursor.fetchone()[0]

        done = apply_pending()

        assert (done.applied, done.set_aside) == (2, 1)
        assert [sent.outcome(n).delivered_at is not None for n in range(3)] == [True, False, True]
        with connection.cursor() as cursor:
            cursor.execute("select error, applied_at is not null from feedback_event where id = %s", [poison])
            error, is_applied = cursor.fetchone()
        assert "timestamp" in error
        assert is_applied
        assert apply_pending().set_aside == 0


class TestConsequences:
    def test_hard_bounce_and_complaint_suppress_everywhere(self, sent: Sent) -> None:
        tell(
            sent.event(Kind.BOUNCED, 0, bounce_class=BounceClass.HARD),
            sent.event(Kind.COMPLAINED, 1),
            sent.event(Kind.REJECTED, 2, bounce_class=BounceClass.HARD),
        )

        keys = [contact.address_key for contact in sent.contacts]
        assert suppressions() == {
            (keys[0], Suppression.Reason.HARD_BOUNCE, Suppression.Scope.ALL),
            (keys[1], Suppression.Reason.COMPLAINED, Suppression.Scope.ALL),
            (keys[2], Suppression.Reason.HARD_BOUNCE, Suppression.Scope.ALL),
        }

    def test_policy_and_content_never_suppress_however_often(self) -> None:
        mailings = [send(1) for _ in range(1)]
        contact = mailings[0].contacts[0]
        for _ in range(7):
            mailings.append(_another(mailings[0], contact))
        for mailing in mailings:
            tell(mailing.event(Kind.BOUNCED, bounce_class=BounceClass.POLICY))
            tell(mailing.event(Kind.REJECTED, bounce_class=BounceClass.NEUTRAL))

        assert suppressions() == set()

    def test_five_soft_bounces_in_a_row_suppress_and_a_repeat_does_not_count(self) -> None:
        first = send(1)
        mailings = [first, *(_another(first, first.contacts[0]) for _ in range(4))]
        for number, mailing in enumerate(mailings):
            event = mailing.event(Kind.BOUNCED, bounce_class=BounceClass.SOFT, minutes=number)
            again = mailing.event(Kind.BOUNCED, bounce_class=BounceClass.SOFT, minutes=number + 1)
            assert suppressions() == set()
            tell(event, again)
            tell(event)

        assert suppressions() == {
            (first.contacts[0].address_key, Suppression.Reason.SOFT_BOUNCES, Suppression.Scope.ALL)
        }

    def test_a_delivery_between_ends_the_row(self) -> None:
        first = send(1)
        mailings = [first, *(_another(first, first.contacts[0]) for _ in range(5))]
        for number, mailing in enumerate(mailings):
            if number == 2:
                tell(mailing.event(Kind.DELIVERED, minutes=number))
            else:
                tell(mailing.event(Kind.BOUNCED, bounce_class=BounceClass.SOFT, minutes=number))

        assert suppressions() == set()
        assert Engagement.objects.get(contact=first.contacts[0]).soft_bounce_count == 3

    def test_engagement_is_pushed_down(self, sent: Sent) -> None:
        tell(
            sent.event(Kind.OPENED, minutes=3), sent.event(Kind.CLICKED, minutes=9), sent.event(Kind.CLICKED, minutes=4)
        )

        engagement = Engagement.objects.get(contact=sent.contacts[0])
        assert engagement.last_opened_on == SENT_AT.date()
        assert engagement.last_clicked_at == SENT_AT + timedelta(minutes=9)

    def test_an_unsubscription_a_provider_reports_is_one_from_everything(self, sent: Sent) -> None:
        tell(sent.event(Kind.UNSUBSCRIBED, way=Way.PROVIDER))

        assert suppressions() == {
            (sent.contacts[0].address_key, Suppression.Reason.UNSUBSCRIBED, Suppression.Scope.MARKETING)
        }
        assert sent.outcome().unsubscribed_by == Way.PROVIDER

    def test_a_message_without_a_contact_is_applied_all_the_same(self, sent: Sent) -> None:
        Message.objects.filter(pk=sent.messages[0]).update(contact_id=None)

        tell(
            sent.event(Kind.CLICKED),
            sent.event(Kind.OPENED),
            sent.event(Kind.UNSUBSCRIBED),
            sent.event(Kind.BOUNCED, bounce_class=BounceClass.SOFT),
            sent.event(Kind.COMPLAINED),
        )

        assert suppressions() == {(sent.contacts[0].address_key, Suppression.Reason.COMPLAINED, Suppression.Scope.ALL)}

    def test_an_erased_contact_is_not_missed(self, sent: Sent) -> None:
        Subscription.objects.all().delete()
        Contact.objects.filter(pk=sent.contacts[0].pk).delete()

        tell(sent.event(Kind.CLICKED), sent.event(Kind.OPENED), sent.event(Kind.UNSUBSCRIBED))

        assert sent.outcome().clicked_at is not None
        assert Event.objects.filter(error=None).count() == 3


class TestRollUpIsAskedFor:
    def test_touched_in_the_transaction_that_applies(self, sent: Sent) -> None:
        tell(sent.event(Kind.DELIVERED))
        assert RollUp.objects.get(mailing=sent.mailing).rolled_at is None

        roll_up_due()

        assert sum(MailingStats.objects.values_list("delivered_count", flat=True)) == 1


def _another(first: Sent, contact: Contact) -> Sent:
    """Another mailing that went to the same contact."""
    other = send(1)
    Message.objects.filter(pk=other.messages[0]).update(contact_id=contact.pk, address_key=contact.address_key)
    return other
