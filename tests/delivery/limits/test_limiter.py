"""Limits in the walk of a real mailing: never more than allowed, nobody lost, and every hold says its reason."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from delivery import dispatch, ledger
from delivery.holds import holds_of
from delivery.limits.days import reserve, used_today
from delivery.limits.limiter import limiter_for, rooms
from delivery.limits.quiet import quiet_until
from delivery.models import Batch, Limit, Mailing, Pace, Provider
from delivery.models.limits import EVERYBODY
from tests.smtp import SmtpServer

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def freeze(mailing: Mailing) -> Mailing:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    mailing.refresh_from_db()
    return mailing


def limit(provider: Provider, unit: int, amount: int, group: int = EVERYBODY) -> Limit:
    return Limit.objects.create(provider=provider, unit=unit, amount=amount, mx_group=group)


def test_a_daily_quota_is_never_exceeded_and_says_so(mailing: Mailing, server: SmtpServer) -> None:
    quota = limit(mailing.provider, Limit.Unit.DAY, 12)
    freeze(mailing)

    for _ in range(4):
        dispatch.work_provider(mailing.provider_id)

    numbers = ledger.ledger_of(mailing.pk)
    assert (len(server.accepted), numbers.accepted, numbers.pending, numbers.is_balanced) == (12, 12, 18, True)
    (hold,) = holds_of(mailing, now=datetime.now(UTC))
    assert hold.until is not None
    assert "12" in hold.words
    assert used_today(quota, now=datetime.now(UTC)) == 12


def test_a_quota_is_shared_exactly_by_those_who_ask_at_once(provider: Provider) -> None:
    quota = limit(provider, Limit.Unit.DAY, 10)

    assert [reserve(quota, want=4, now=NOW) for _ in range(4)] == [4, 4, 2, 0]
    assert reserve(quota, want=4, now=NOW + timedelta(days=1)) == 4


def test_what_was_reserved_and_not_handed_over_is_given_back(mailing: Mailing, server: SmtpServer) -> None:
    quota = limit(mailing.provider, Limit.Unit.DAY, 1000)
    server.moods += ["no"]  # the sender: the mailing pauses and nobody was written to
    freeze(mailing)

    dispatch.work_provider(mailing.provider_id)

    assert ledger.ledger_of(mailing.pk).pending == 30
    assert used_today(quota, now=datetime.now(UTC)) == 0


def test_a_rate_lets_a_burst_through_and_the_rest_later(mailing: Mailing, server: SmtpServer) -> None:
    limit(mailing.provider, Limit.Unit.HOUR, 3600)  # one a second, five at once
    freeze(mailing)

    dispatch.work_provider(mailing.provider_id, shift=0.1, stop=_after_calls(12))

    assert 5 <= len(server.accepted) < 15
    assert ledger.ledger_of(mailing.pk).is_balanced


def _after_calls(count: int):  # type: ignore[no-untyped-def]
    left = [count]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


def test_what_several_mailbox_providers_ask_for_stands_once(mailing: Mailing) -> None:
    freeze(mailing)
    until = datetime.now(UTC) + timedelta(minutes=5)
    first = Batch.objects.filter(mailing=mailing).order_by("pk").first()
    assert first
    Batch.objects.filter(pk=first.pk).update(mx_group=1)
    Batch.objects.filter(mailing=mailing).exclude(pk=first.pk).update(mx_group=4)
    for group, words in ((1, "451 slow down"), (4, "451 slow down")):
        Pace.objects.create(provider=mailing.provider, mx_group=group, step=1, reason=words, rest_until=until)

    (hold,) = holds_of(mailing, now=datetime.now(UTC))
    assert hold.who == "Gmail · Orange"

    Pace.objects.filter(mx_group=4).update(reason="421 too many connections")
    assert [hold.who for hold in holds_of(mailing, now=datetime.now(UTC))] == ["Gmail", "Orange"]


def test_a_resting_mailbox_provider_is_passed_over_and_the_others_go_on(mailing: Mailing) -> None:
    freeze(mailing)
    Batch.objects.filter(mailing=mailing).update(mx_group=4)
    Pace.objects.create(
        provider=mailing.provider, mx_group=4, step=1, reason="451 slow down",
        rest_until=datetime.now(UTC) + timedelta(minutes=5),
    )  # fmt: skip

    assert dispatch.work_provider(mailing.provider_id) == 0
    (hold,) = holds_of(mailing, now=datetime.now(UTC))
    assert (hold.who, hold.words) == ("Orange", "451 slow down")

    Pace.objects.update(mx_group=1)
    assert dispatch.work_provider(mailing.provider_id) > 0


def test_connections_to_a_mailbox_provider_are_counted(mailing: Mailing) -> None:
    freeze(mailing)
    Batch.objects.filter(mailing=mailing).update(mx_group=4)
    Provider.objects.update(connection_count=8)
    limit(mailing.provider, Limit.Unit.CONNECTIONS, 1, group=4)
    room = rooms(mailing.provider)

    lease = timedelta(minutes=15)
    first = ledger.claim_batch(provider_id=mailing.provider_id, lease=lease, rooms=room)
    second = ledger.claim_batch(provider_id=mailing.provider_id, lease=lease, rooms=room)

    assert room[4] == 1
    assert first is not None
    assert second is None


def test_known_limits_of_mailbox_providers_are_kept_where_mail_is_handed_over_directly(provider: Provider) -> None:
    assert rooms(provider) == {}

    provider.options["is_direct"] = True

    assert rooms(provider)[4] == 2


def test_a_steady_rhythm_spreads_the_planned_number(mailing: Mailing) -> None:
    Mailing.objects.update(pace_seconds=3600, planned_count=7200)
    mailing.refresh_from_db()

    limiter = limiter_for(mailing=mailing, provider=mailing.provider, mx_group=0)

    assert limiter.take(100, now=NOW).count == 10  # two a second, five seconds at once


@pytest.mark.parametrize(
    ("start", "stop", "now", "until"),
    [
        (time(21), time(8), "2026-11-24 22:30", "2026-11-25 08:00"),
        (time(21), time(8), "2026-11-24 07:59", "2026-11-24 08:00"),
        (time(21), time(8), "2026-11-24 08:00", None),
        (time(12), time(14), "2026-11-24 12:00", "2026-11-24 14:00"),
        (time(12), time(14), "2026-11-24 14:00", None),
    ],
)
def test_quiet_hours(start: time, stop: time, now: str, until: str | None) -> None:
    zone = ZoneInfo("Europe/Paris")
    found = quiet_until(start, stop, now=datetime.fromisoformat(now).replace(tzinfo=zone))

    assert found == (datetime.fromisoformat(until).replace(tzinfo=zone) if until else None)


def test_quiet_hours_hold_a_mailing_until_they_are_over(mailing: Mailing) -> None:
    here = datetime.now(UTC).astimezone(ZoneInfo("Europe/Paris"))
    Mailing.objects.update(quiet_from=(here - timedelta(hours=1)).time(), quiet_to=(here + timedelta(hours=1)).time())
    freeze(mailing)

    due = dispatch.sweep()

    mailing.refresh_from_db()
    assert due.providers == []
    (hold,) = holds_of(mailing, now=datetime.now(UTC))
    assert hold.until == mailing.paused_until
