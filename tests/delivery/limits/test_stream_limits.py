"""Limits of a stream beside the account's: rates in Redis, the day in PostgreSQL; who would rather send twice."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from delivery import dispatch, ledger
from delivery.holds import holds_of
from delivery.limits.limiter import limiter_for
from delivery.models import Batch, Mailing, Outcome, StreamDay, StreamLimit
from delivery.reasons import Reason
from tests.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_days_quota_is_never_exceeded_and_the_page_says_until_when(
    mailing: Mailing, server: SmtpServer, settings: Settings
) -> None:
    settings.WINDOW_SIZE = 5
    StreamLimit.objects.create(stream=mailing.stream, unit=StreamLimit.Unit.DAY, amount=12)
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)

    while dispatch.work_provider(mailing.provider_id):
        pass

    assert len(server.accepted) == 12
    assert StreamDay.objects.get().reserved_count == 12
    mailing.refresh_from_db()
    (hold,) = holds_of(mailing, now=datetime.now(UTC))
    assert "12 messages a day" in hold.words and hold.until is not None


def test_a_rate_is_shared_by_all_of_the_stream(mailing: Mailing) -> None:
    StreamLimit.objects.create(stream=mailing.stream, unit=StreamLimit.Unit.HOUR, amount=3600)

    limiter = limiter_for(mailing=mailing, provider=mailing.provider, mx_group=0)

    assert [bucket.key for bucket in limiter.buckets] == [f"stream:{mailing.stream_id}:3600"]


def test_a_doubt_is_sent_again_by_itself_where_the_stream_would_rather_send_twice_and_once_only(
    mailing: Mailing, server: SmtpServer
) -> None:
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    message = mailing.batches.order_by("first_id")[0].first_id
    now = datetime.now(UTC)

    def doubt() -> None:
        Outcome.objects.create(
            message_id=message, mailing=mailing, state=Outcome.State.UNKNOWN, reason=Reason.REPLY_LOST,
            at=now - timedelta(minutes=11), claim=7,
        )  # fmt: skip
        Batch.objects.filter(first_id=message).update(unknown_count=1)

    doubt()
    assert ledger.repeat_doubts(now=now) == 0, "marketing never does"

    Mailing.objects.filter(pk=mailing.pk).update(repeats_doubts=True)
    assert ledger.repeat_doubts(now=now) == 1
    assert not Outcome.objects.filter(pk=message).exists()

    doubt()
    assert ledger.repeat_doubts(now=now) == 0, "once"
