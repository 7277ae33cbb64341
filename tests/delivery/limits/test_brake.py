"""Waves and the brake on real mailings: the bad share stops alone, nobody is written to twice, and it counts right."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry, Organisation, User
from common.sql import load_sql
from contacts.models import ContactList
from delivery import dispatch, ledger
from delivery.holds import holds_of
from delivery.limits import brake, waves
from delivery.limits.brake import Share, count_shares, finding_in
from delivery.models import Attempt, Batch, Brake, Mailing, Outcome, Pace, Provider
from delivery.models.limits import EVERYBODY
from delivery.reasons import Reason
from delivery.services import Canary, cancel_mailing, plan_mailing
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.delivery.ledger.conftest import make_mailing
from tests.smtp import Mailbox, Manners, SmtpServer, smtp_server

GMAIL, ORANGE = 1, 4
State = Brake.State


class HalfDead(Mailbox):
    """Every twentieth person of Gmail is dead."""

    asked = 0

    def one(self) -> bytes | None:
        if not self.in_data and self.sender and self.rest.startswith(b"RCPT") and b"\r\n" in self.rest:
            line = self.rest.partition(b"\r\n")[0]
            HalfDead.asked += b"@gmail.com" in line
            if b"@gmail.com" in line and HalfDead.asked % 20 == 0:
                self.moods.insert(0, "no")
        return super().one()


@pytest.fixture
def large(
    organisation: Organisation, clients: ContactList, make_people: MakePeople
) -> Iterator[tuple[Mailing, SmtpServer]]:
    """400 people at Gmail and 300 at Orange, frozen."""
    make_people(400, domain="gmail.com")
    make_people(300, first=10_001, domain="orange.fr")
    HalfDead.asked = 0
    with smtp_server(Manners()) as server:
        server.make_mailbox = HalfDead
        provider = provider_at(server, connection_count=2)
        provider.options["is_relay"] = True
        provider.save()
        mailing = plan_mailing(order(clients, provider, canary=Canary(size=100)))
        dispatch.start_due()
        dispatch.freeze(mailing.pk, after_block=lambda: None)
        mailing.refresh_from_db()
        yield mailing, server


def send_what_is_due(mailing: Mailing) -> None:
    while dispatch.work_provider(mailing.provider_id):
        pass


def state_of(mailing: Mailing, group: int) -> int:
    return Brake.objects.get(mailing=mailing, mx_group=group).state


@pytest.mark.django_db(transaction=True)
def test_a_first_wave_that_bounces_at_gmail_stops_gmail_alone(large: tuple[Mailing, SmtpServer], ines: User) -> None:
    mailing, server = large
    sizes = (
        Brake.objects.filter(mailing=mailing).order_by("mx_group").values_list("mx_group", "wave_size", "wave_count")
    )
    assert list(sizes) == [(GMAIL, 100, 100), (ORANGE, 100, 100)]

    send_what_is_due(mailing)
    assert len(server.accepted) == 195

    now = datetime.now(UTC)
    brake.judge(mailing.pk, now=now)
    assert (state_of(mailing, GMAIL), state_of(mailing, ORANGE)) == (State.STOPPED, State.WATCHING)
    brake.judge(mailing.pk, now=now + timedelta(minutes=14))
    send_what_is_due(mailing)
    assert len(server.accepted) == 195
    stopped, watched = [hold for hold in holds_of(mailing, now=now) if hold.share is not None]
    assert (stopped.who, stopped.share, stopped.until, stopped.may_give_up) == ("Gmail", GMAIL, None, True)
    assert (watched.share, watched.until) == (EVERYBODY, now + timedelta(minutes=15))
    assert AuditEntry.objects.get(verb="mailing.brake").details["kind"] == "hard_bounces"

    brake.judge(mailing.pk, now=now + timedelta(minutes=15))
    send_what_is_due(mailing)
    assert state_of(mailing, ORANGE) == State.RELEASED
    assert len(server.accepted) == 95 + 300
    assert ledger.ledger_of(mailing.pk).pending == 300

    assert brake.give_up(mailing_id=mailing.pk, mx_groups=[GMAIL], user=ines, now=now)
    assert not brake.give_up(mailing_id=mailing.pk, mx_groups=[GMAIL], user=ines, now=now)
    dispatch.sweep()
    mailing.refresh_from_db()
    numbers = ledger.ledger_of(mailing.pk)
    assert mailing.state == Mailing.State.FINISHED
    assert (numbers.accepted, numbers.refused, numbers.skipped) == (395, 5, 300)
    assert numbers.reasons[Outcome.State.SKIPPED] == {Reason.BRAKED: 300}
    assert ledger.check_ledger(mailing) is None
    assert len(server.accepted) == len(set(server.accepted))


@pytest.mark.django_db(transaction=True)
def test_go_on_anyway_sends_the_rest_once_within_twice_of_what_was_there(
    large: tuple[Mailing, SmtpServer], ines: User
) -> None:
    mailing, server = large
    send_what_is_due(mailing)
    now = datetime.now(UTC)
    brake.judge(mailing.pk, now=now)

    assert brake.go_on(mailing_id=mailing.pk, mx_groups=[GMAIL], user=ines, now=now)
    assert brake.go_on(mailing_id=mailing.pk, mx_groups=[EVERYBODY], user=ines, now=now)
    # five of a hundred were dead and so refused: both limits were crossed, the others stay
    assert Brake.objects.get(mailing=mailing, mx_group=GMAIL).allowed == {"1": 0.1, "4": 0.1}
    assert Brake.objects.get(mailing=mailing, mx_group=ORANGE).allowed == {}
    send_what_is_due(mailing)
    brake.judge(mailing.pk, now=now)
    dispatch.sweep()

    assert state_of(mailing, GMAIL) == State.RELEASED
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.refused, numbers.is_balanced) == (680, 20, True)
    assert len(server.accepted) == len(set(server.accepted)) == 680


@pytest.mark.django_db(transaction=True)
def test_a_share_stops_after_its_first_wave_too_and_at_the_next_window(large: tuple[Mailing, SmtpServer]) -> None:
    mailing, _server = large
    brake.go_on(mailing_id=mailing.pk, mx_groups=[EVERYBODY], user=None, now=datetime.now(UTC))
    Brake.objects.update(decided_at=None)  # released by watching, not by a person
    claim = ledger.claim_batch(provider_id=mailing.provider_id, lease=timedelta(minutes=15))
    assert claim is not None
    assert ledger.mark_window(claim, [], done_to=claim.first_id - 1, open_to=claim.first_id) is not None

    Brake.objects.update(state=State.STOPPED)

    assert ledger.mark_window(claim, [], done_to=claim.first_id, open_to=claim.first_id + 1) is None
    ledger.write_back(claim, [], done_to=claim.first_id)
    ledger.release_batch(claim, backoff=timedelta(0))
    assert ledger.claim_batch(provider_id=mailing.provider_id, lease=timedelta(minutes=15)) is None
    brake.park(mailing.pk)
    assert dispatch.free_slots() == []
    assert brake.park(mailing.pk) == 0


@pytest.mark.django_db(transaction=True)
def test_cancelling_skips_parked_waves_too(large: tuple[Mailing, SmtpServer]) -> None:
    mailing, _server = large
    send_what_is_due(mailing)

    cancel_mailing(mailing.pk)
    dispatch.sweep()

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.refused, numbers.skipped, numbers.pending) == (195, 5, 500, 0)
    assert ledger.check_ledger(Mailing.objects.get(pk=mailing.pk)) is None


@pytest.mark.django_db(transaction=True)
def test_claiming_probes_the_brake_by_its_key(large: tuple[Mailing, SmtpServer]) -> None:
    mailing, _server = large
    values = {"claim": 1, "process": 1, "lease": 60, "provider": mailing.provider_id, "room": 2, "rooms": "{}"}
    with connection.cursor() as cursor:
        cursor.execute("analyze delivery_batch; analyze delivery_brake")
        cursor.execute("set enable_seqscan = off")
        cursor.execute("explain " + load_sql("delivery", "claim").replace("{urgency}", "not b.is_urgent"), values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("reset enable_seqscan")
    assert "batch_due" in plan or "batch_mailing" in plan  # of so few rows either costs the same
    assert "one_brake_a_share" in plan


@pytest.mark.django_db(transaction=True)
def test_small_mailings_and_those_without_a_canary_leave_at_once(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople
) -> None:
    make_people(30)
    for canary in (Canary(), None):
        mailing = plan_mailing(order(clients, provider, canary=canary))
        dispatch.start_due()
        dispatch.freeze(mailing.pk, after_block=lambda: None)
        assert not Brake.objects.filter(mailing=mailing).exists()
        assert set(Batch.objects.filter(mailing=mailing).values_list("wave", flat=True)) == {0}


@pytest.mark.django_db(transaction=True)
def test_the_rule_takes_a_share_within_bounds_of_a_large_mailing(
    organisation: Organisation,
    clients: ContactList,
    provider: Provider,
    make_people: MakePeople,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waves, "LARGE", 29)
    monkeypatch.setattr(waves, "LEAST", 5)
    monkeypatch.setattr(waves, "MOST", 8)
    monkeypatch.setattr(waves, "SHARE", 0.3)
    for number, (people, domain) in enumerate([(12, "gmail.com"), (20, "orange.fr"), (40, "free.fr"), (3, "sfr.fr")]):
        make_people(people, first=1 + 100 * number, domain=domain)

    mailing = plan_mailing(order(clients, provider, canary=Canary()))
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)

    cut = Brake.objects.filter(mailing=mailing).order_by("mx_group").values_list("mx_group", "wave_size", "wave_count")
    assert list(cut) == [(1, 5, 5), (4, 6, 6), (6, 8, 8), (7, 5, 3)]
    first = Batch.objects.filter(mailing=mailing, wave=0)
    assert sum(batch.last_id - batch.first_id + 1 for batch in first) == 22


def share(**numbers: int) -> Share:
    nothing = dict.fromkeys(Share.__slots__, 0)
    return Share(**(nothing | numbers))


@pytest.mark.parametrize(
    ("found", "kind", "stops"),
    [
        (share(accepted=985, refused=15, hard=15), "HARD_BOUNCES", False),
        (share(accepted=98, refused=2, hard=2), None, None),  # two people say nothing
        (share(accepted=97, refused=3, hard=3), "HARD_BOUNCES", True),
        (share(accepted=1000, complaints=2), "COMPLAINTS", False),
        (share(accepted=1000, complaints=3), "COMPLAINTS", True),
        (share(accepted=95, refused=5), "REFUSALS", True),
        (share(accepted=80, waiting=10, deferred=20), "DEFERRALS", False),
        (share(accepted=92, waiting=4, deferred=4), None, None),
        (share(), None, None),
    ],
)
def test_limits(found: Share, kind: str | None, stops: bool | None) -> None:
    finding = finding_in(found)
    assert (finding and finding.kind.name, finding and finding.stops) == (kind, stops)


@pytest.mark.django_db
def test_a_slowed_share_goes_a_step_slower_and_is_let_go_when_it_is_content(provider: Provider) -> None:
    mailing = make_mailing(provider, sizes=(40, 5))
    Brake.objects.create(mailing=mailing, mx_group=0, wave_size=40, state=State.RELEASED)
    batch = Batch.objects.filter(mailing=mailing).order_by("first_id")[0]
    for message in range(batch.first_id, batch.first_id + 6):
        Attempt.objects.create(message_id=message, claim=1, round=0, phase=2, code=451, at=datetime.now(UTC))
    Batch.objects.filter(pk=batch.pk).update(round=1, accepted_count=34)
    now = datetime.now(UTC)

    brake.judge(mailing.pk, now=now)
    assert state_of(mailing, 0) == State.SLOWED
    assert Pace.objects.get(provider=provider, mx_group=0).step == 1

    Attempt.objects.all().delete()
    brake.judge(mailing.pk, now=now)
    assert state_of(mailing, 0) == State.RELEASED


@dataclass
class Fate:
    """What may become of one message: its outcome, its stamps, whether it was told "later"."""

    state: int | None = None
    reason: int = 0
    is_hard: bool = False
    complains: bool = False
    is_deferred: bool = False


ACCEPTED, REFUSED, SKIPPED, UNKNOWN = 2, 3, 4, 5
FATES = st.one_of(
    st.builds(Fate, state=st.none(), is_deferred=st.booleans()),
    st.builds(Fate, state=st.just(ACCEPTED), is_hard=st.booleans(), complains=st.booleans(), is_deferred=st.booleans()),
    st.builds(Fate, state=st.just(REFUSED), reason=st.sampled_from([40, 41, 43]), is_deferred=st.booleans()),
    st.builds(Fate, state=st.sampled_from([SKIPPED, UNKNOWN]), is_deferred=st.booleans()),
)
SIZES = (3, 4, 2, 5)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=st.lists(FATES, min_size=sum(SIZES), max_size=sum(SIZES)), tries=st.integers(1, 3))
def test_shares_are_counted_as_by_hand(fates: list[Fate], tries: int, provider: Provider) -> None:
    Outcome.objects.all().delete()
    Attempt.objects.all().delete()
    mailing = Mailing.objects.filter(provider=provider).first() or make_mailing(provider, sizes=SIZES)
    batches = list(Batch.objects.filter(mailing=mailing).order_by("first_id"))
    at, left = datetime.now(UTC), list(fates)
    expected: dict[int, Share] = {}
    for number, batch in enumerate(batches):
        mine, left = left[: SIZES[number]], left[SIZES[number] :]
        _store(batch, mine, tries=tries, at=at)
        Batch.objects.filter(pk=batch.pk).update(mx_group=number // 2, wave=number % 2, round=1, **_counters(mine))
        expected[number // 2] = _added(expected.get(number // 2), number // 2, mine, is_first=number % 2 == 0)

    assert count_shares(mailing.pk) == expected


def _store(batch: Batch, fates: list[Fate], *, tries: int, at: datetime) -> None:
    for message, fate in enumerate(fates, start=batch.first_id):
        if fate.is_deferred:
            for claim in range(tries):
                Attempt.objects.create(message_id=message, claim=claim, round=claim, phase=2, code=450, at=at)
        if fate.state is not None:
            Outcome.objects.create(
                message_id=message, mailing_id=batch.mailing_id, state=fate.state, reason=fate.reason, at=at,
                is_hard_bounce=fate.is_hard or None, complained_at=at if fate.complains else None,
            )  # fmt: skip


def _counters(fates: list[Fate]) -> dict[str, int]:
    names = {ACCEPTED: "accepted_count", REFUSED: "refused_count", SKIPPED: "skipped_count", UNKNOWN: "unknown_count"}
    return {name: sum(fate.state == state for fate in fates) for state, name in names.items()}


def _added(so_far: Share | None, group: int, fates: list[Fate], *, is_first: bool) -> Share:
    settled = sum(fate.state is not None for fate in fates)
    waiting = sum(fate.state is None and fate.is_deferred for fate in fates)
    mine = Share(
        mx_group=group,
        accepted=sum(fate.state == ACCEPTED for fate in fates),
        refused=sum(fate.state == REFUSED for fate in fates),
        hard=sum(fate.reason == Reason.REFUSED_ADDRESS or fate.is_hard for fate in fates),
        complaints=sum(fate.complains for fate in fates),
        waiting=waiting,
        deferred=sum(fate.is_deferred for fate in fates),
        wave_size=len(fates) if is_first else 0,
        wave_tried=settled + waiting if is_first else 0,
        left=len(fates) - settled,
    )
    if so_far is None:
        return mine
    names = [name for name in Share.__slots__ if name != "mx_group"]
    return Share(group, *(getattr(so_far, name) + getattr(mine, name) for name in names))


@pytest.mark.django_db(transaction=True)
def test_a_share_that_gets_twice_as_bad_stops_again_and_so_on(large: tuple[Mailing, SmtpServer], ines: User) -> None:
    mailing, _server = large
    send_what_is_due(mailing)
    now = datetime.now(UTC)
    brake.judge(mailing.pk, now=now)
    brake.go_on(mailing_id=mailing.pk, mx_groups=[GMAIL], user=ines, now=now)
    accepted = list(
        Outcome.objects.filter(mailing=mailing, state=Outcome.State.ACCEPTED).values_list("message_id", flat=True)
    )

    def refuse(count: int) -> None:
        gmail = Outcome.objects.filter(message_id__in=accepted, message__address__endswith="@gmail.com")
        Outcome.objects.filter(message_id__in=list(gmail.order_by("pk").values_list("pk", flat=True)[:count])).update(
            state=Outcome.State.REFUSED, reason=Reason.REFUSED_ADDRESS
        )
        brake.judge(mailing.pk, now=now)

    refuse(4)
    assert state_of(mailing, GMAIL) == State.RELEASED  # nine of a hundred
    refuse(5)
    assert state_of(mailing, GMAIL) == State.STOPPED
    assert Brake.objects.get(mailing=mailing, mx_group=GMAIL).limit == 0.1
    brake.go_on(mailing_id=mailing.pk, mx_groups=[GMAIL], user=ines, now=now)
    assert Brake.objects.get(mailing=mailing, mx_group=GMAIL).allowed["1"] == 0.2
    brake.judge(mailing.pk, now=now)
    assert state_of(mailing, GMAIL) == State.RELEASED


def test_what_was_allowed_neither_slows_nor_stops_and_the_rest_is_judged_as_ever() -> None:
    share = Share(
        mx_group=GMAIL, accepted=90, refused=10, hard=10, complaints=0, waiting=0, deferred=0, wave_size=100,
        wave_tried=100, left=900,
    )  # fmt: skip
    allowed = brake.allowance(share, {})

    assert allowed == {"1": 0.2, "4": 0.2}
    assert finding_in(share, allowed) is None
    worse = finding_in(replace(share, complaints=2), allowed)
    assert worse is not None and worse.kind == Brake.Kind.COMPLAINTS
