import pytest
from django.db import connection
from django.utils import timezone

from common.locks import only_one
from config.celery import app
from feedback import tasks
from feedback.events import record_events
from feedback.models import Event, MailingStats
from tests.feedback.sent import Sent

pytestmark = pytest.mark.django_db


def test_one_ring_applies_and_counts(sent: Sent) -> None:
    record_events([sent.event(Event.Kind.DELIVERED)])

    tasks.apply_pending()

    assert not Event.objects.filter(applied_at=None).exists()
    assert MailingStats.objects.get().delivered_count == 1


@pytest.mark.django_db(transaction=True)
def test_a_second_ring_walks_away(sent: Sent) -> None:
    record_events([sent.event(Event.Kind.DELIVERED)])
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s, %s)", _key("feedback.apply_pending"))
            tasks.apply_pending()
            assert Event.objects.filter(applied_at=None).count() == 1
            cursor.execute("select pg_advisory_unlock_all()")
    finally:
        other.close()
    tasks.apply_pending()
    assert not Event.objects.filter(applied_at=None).exists()


def test_the_nightly_ring_has_next_months_partition_ready() -> None:
    tasks.make_partitions()

    month = timezone.now().date().replace(day=28)
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", [f"feedback_event_{month:%Y_%m}"])
        assert cursor.fetchone()[0]


def test_both_are_rung_by_the_clock() -> None:
    assert {"feedback.tasks.apply_pending", "feedback.tasks.make_partitions"} <= {
        entry["task"] for entry in app.conf.beat_schedule.values()
    }


def _key(name: str) -> list[int]:
    """The two numbers of an advisory lock, taken from the lock itself while we hold it."""
    with only_one(name), connection.cursor() as cursor:
        cursor.execute(
            "select classid, objid from pg_locks"
            " where locktype = 'advisory' and pid = pg_backend_pid() and objsubid = 2"
        )
        class_id, object_id = cursor.fetchone()
    return [class_id, object_id - 2**32 if object_id >= 2**31 else object_id]
