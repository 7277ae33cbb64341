"""A warm-up on real mailings: ceilings kept, who cares most first, each night judged from the rows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import Organisation
from common.sql import load_sql
from contacts.models import ConsentState, Contact, ContactList, Engagement, Subscription
from deliverability.models import SendingDomain, WarmupDay, WarmupDecision, WarmupPlan
from deliverability.warmup import plans
from delivery import alerts, dispatch, ledger, snapshot
from delivery.holds import holds_of
from delivery.limits import brake, warmup
from delivery.limits.limiter import limiter_for
from delivery.models import Attempt, Batch, Limit, Mailing, Message, Outcome, Provider
from delivery.reasons import Reason
from delivery.services import Canary, plan_mailing
from tests.delivery.conftest import MakePeople, order
from tests.smtp import SmtpServer

GMAIL, ORANGE, OTHERS = 1, 4, 0
DOMAIN = "maison-verdier.example"
DAY = timedelta(days=1)
State = WarmupPlan.State


@pytest.fixture
def domain(db: None) -> SendingDomain:
    return SendingDomain.objects.create(name=DOMAIN)


def begin(domain: SendingDomain, ceilings: list[int], group: int = GMAIL) -> WarmupPlan:
    [plan] = plans.start(domain=domain, groups=[group], user=None, today=datetime.now(UTC).date())
    WarmupPlan.objects.filter(pk=plan.pk).update(ceilings=ceilings)
    plan.refresh_from_db()
    return plan


def freeze(mailing: Mailing) -> Mailing:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    mailing.refresh_from_db()
    return mailing


def send_what_is_due(provider: Provider) -> None:
    while dispatch.work_provider(provider.pk):
        pass


def a_night_passes() -> None:
    """As if what happened had happened a day earlier."""
    WarmupDay.objects.update(on=F("on") - DAY)
    WarmupPlan.objects.update(judged_on=F("judged_on") - DAY, started_on=F("started_on") - DAY)
    Batch.objects.update(due_at=F("due_at") - DAY)
    Outcome.objects.update(at=F("at") - DAY)


@pytest.mark.django_db(transaction=True)
def test_each_day_lets_its_ceiling_through_and_the_others_do_not_wait(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople, server: SmtpServer,
    domain: SendingDomain,
) -> None:  # fmt: skip
    plan = begin(domain, [20, 30, 45])
    make_people(60, domain="gmail.com")
    make_people(10, first=5_001, domain="orange.fr")
    mailing = freeze(plan_mailing(order(clients, provider)))

    send_what_is_due(provider)
    first = len(server.accepted)
    [hold] = holds_of(mailing, now=datetime.now(UTC))
    waiting = Batch.objects.exclude(state=Batch.State.DONE)
    assert first == 20 + 10
    assert (hold.who, hold.is_stopped) == ("Gmail", True)
    assert hold.until is not None and hold.until.time() == datetime.min.time()
    assert {batch.mx_group for batch in waiting} == {GMAIL}
    assert all(batch.due_at.astimezone(UTC).date() == hold.until.date() for batch in waiting)
    dispatch.sweep()
    assert not Mailing.objects.filter(state=Mailing.State.FINISHED).exists()

    a_night_passes()
    dispatch.sweep()
    send_what_is_due(provider)
    plan.refresh_from_db()
    assert (plan.step, plan.state, len(server.accepted)) == (1, State.RUNNING, first + 30)

    a_night_passes()
    dispatch.sweep()
    send_what_is_due(provider)
    dispatch.sweep()
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.FINISHED
    assert len(server.accepted) == len(set(server.accepted)) == 70
    assert list(WarmupDay.objects.order_by("on").values_list("ceiling", "reserved_count")) == [
        (20, 20), (30, 30), (45, 10),
    ]  # fmt: skip
    assert ledger.check_ledger(mailing) is None


@pytest.mark.django_db(transaction=True)
def test_a_day_that_goes_badly_takes_the_plan_back(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople,
    domain: SendingDomain,
) -> None:  # fmt: skip
    plan = begin(domain, [10, 15, 20, 30])
    WarmupPlan.objects.update(step=3)
    make_people(40, domain="gmail.com")
    mailing = freeze(plan_mailing(order(clients, provider)))
    send_what_is_due(provider)
    sent = Outcome.objects.filter(mailing=mailing).order_by("pk")[:4]
    Outcome.objects.filter(pk__in=[one.pk for one in sent[:2]]).update(complained_at=datetime.now(UTC) - DAY)
    Outcome.objects.filter(pk=sent[3].pk).update(is_hard_bounce=True, bounced_at=datetime.now(UTC) - DAY)

    a_night_passes()
    dispatch.sweep()
    dispatch.sweep()

    plan.refresh_from_db()
    said = WarmupDecision.objects.latest("pk")
    assert (plan.step, plan.state, plan.ceiling) == (1, State.BACK, 15)
    assert (said.verb, said.sent_count, said.complained_count, said.hard_bounce_count) == ("back", 30, 2, 1)
    assert (said.sign, said.value, said.limit) == ("complaints", 2 / 30, 0.003)
    assert WarmupDecision.objects.filter(verb="back").count() == 1
    assert alerts.matters()[f"warmup:{plan.pk}:{said.pk}"].startswith(f"The warm-up of {DOMAIN} stepped back at Gmail")


def engage(people: list[Contact], now: datetime) -> dict[str, list[Contact]]:
    """Four of each kind, scattered over the ids."""
    kinds = {
        name: people[start::6][:4] for start, name in enumerate(["old", "clicked", "asked", "opened", "new", "rest"])
    }
    Subscription.objects.update(subscribed_at=now - timedelta(days=900))
    for one in kinds["clicked"]:
        Engagement.objects.create(contact=one, last_clicked_at=now - timedelta(days=3))
    for one in kinds["asked"]:
        Engagement.objects.create(contact=one, last_opened_on=now.date())  # nobody agreed to this being used
    for one in kinds["opened"]:
        Engagement.objects.create(contact=one, last_opened_on=now.date())
    Contact.objects.filter(pk__in=[one.pk for one in kinds["opened"]]).update(open_consent=ConsentState.GRANTED)
    for one in kinds["old"]:
        Engagement.objects.create(contact=one, last_clicked_at=now - timedelta(days=60))
    Subscription.objects.filter(contact__in=kinds["new"]).update(subscribed_at=now - timedelta(days=100))
    return kinds


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("canary", [None, Canary(size=5)])
def test_who_cares_most_leaves_first_over_all_blocks(
    canary: Canary | None, organisation: Organisation, clients: ContactList, provider: Provider,
    make_people: MakePeople, server: SmtpServer, domain: SendingDomain, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(snapshot, "FIRST_BLOCK", 7)
    monkeypatch.setattr(snapshot, "BLOCK", 9)
    begin(domain, [1_000])
    kinds = engage(make_people(24, domain="gmail.com"), datetime.now(UTC))
    make_people(3, first=5_001, domain="orange.fr")
    mailing = plan_mailing(order(clients, provider, canary=canary))
    dispatch.start_due()
    snapshot.take_block(mailing.pk)
    early = dispatch.free_slots()
    freeze(mailing)

    brake.go_on(mailing_id=mailing.pk, mx_groups=[-1], user=None, now=datetime.now(UTC))

    send_what_is_due(provider)

    assert early == []
    rank = {one.address: number for number, names in enumerate([["clicked"], ["old"], ["opened"], ["new"]])
            for name in names for one in kinds[name]}  # fmt: skip
    order_of = [rank.get(f"{number}@gmail.com", 4) for number in server.accepted if number < 5_001]
    assert len(server.accepted) == 27
    wave = canary.size if canary else 0
    assert order_of[wave:] == sorted(order_of[wave:])
    assert order_of[:wave] == sorted(order_of[:wave])


@pytest.mark.django_db
def test_mail_somebody_waits_for_is_counted_and_never_held(
    organisation: Organisation, clients: ContactList, provider: Provider, catcher: Provider, make_people: MakePeople,
    domain: SendingDomain,
) -> None:  # fmt: skip
    begin(domain, [10], OTHERS)
    make_people(1)
    now = datetime.now(UTC)
    campaign = plan_mailing(order(clients, provider))
    asked = plan_mailing(order(clients, provider))
    asked.is_transactional = True
    trial = plan_mailing(order(clients, provider, is_test=True))
    caught = plan_mailing(order(clients, catcher))
    granted = {
        name: limiter_for(mailing=one, provider=one.provider, mx_group=ORANGE).take(15, now=now).count
        for name, one in {"trial": trial, "caught": caught, "asked": asked, "campaign": campaign}.items()
    }

    assert granted == {"trial": 15, "caught": 15, "asked": 15, "campaign": 0}
    assert WarmupDay.objects.get().reserved_count == 15


@pytest.mark.django_db
def test_what_another_limit_refuses_is_not_lost_to_the_ceiling(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople,
    domain: SendingDomain,
) -> None:  # fmt: skip
    begin(domain, [100])
    Limit.objects.create(provider=provider, unit=Limit.Unit.DAY, amount=30)
    mailing = plan_mailing(order(clients, provider))
    limiter = limiter_for(mailing=mailing, provider=provider, mx_group=GMAIL)

    found = limiter.take(50, now=datetime.now(UTC))
    limiter.give_back(10)

    assert found.count == 30
    assert WarmupDay.objects.get().reserved_count == 20


@pytest.mark.django_db
def test_signs_of_a_day_are_counted_as_by_hand(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople,
    domain: SendingDomain,
) -> None:  # fmt: skip
    plan = begin(domain, [100], OTHERS)
    make_people(12)
    mailing = freeze(plan_mailing(order(clients, provider)))
    Batch.objects.filter(mailing=mailing).update(round=1, accepted_count=5, refused_count=3)
    ids = list(Message.objects.filter(mailing=mailing).order_by("pk").values_list("pk", flat=True))
    day = datetime.now(UTC).replace(hour=12) - DAY
    accepted, refused = {"state": 2, "at": day}, {"state": 3, "at": day}
    rows = [
        accepted | {"complained_at": day}, accepted | {"complained_at": day - DAY},
        accepted | {"is_hard_bounce": True, "bounced_at": day},
        accepted | {"is_hard_bounce": True, "bounced_at": day + DAY},
        refused | {"reason": Reason.REFUSED_ADDRESS}, refused | {"reason": Reason.REFUSED_OTHER},
        refused | {"reason": Reason.REFUSED_ADDRESS, "at": day - DAY}, accepted,
    ]  # fmt: skip
    for number, row in zip(ids, rows, strict=False):
        Outcome.objects.create(message_id=number, mailing=mailing, **row)
    for number, claim, code, at in ((8, 1, 451, day), (8, 2, 451, day), (9, 1, 421, day - DAY), (10, 1, 250, day)):
        Attempt.objects.create(message_id=ids[number], claim=claim, round=0, phase=2, code=code, at=at)

    found = warmup.count_signs(plan, WarmupDay(plan=plan, on=day.date(), ceiling=100, reserved_count=8))

    assert (found.sent, found.complaints, found.hard, found.deferred) == (8, 1, 2, 1)


@pytest.mark.django_db
def test_counting_signs_reads_no_table_from_end_to_end(provider: Provider, domain: SendingDomain) -> None:
    values = {"domain": DOMAIN, "groups": [0], "dead": 40} | dict.fromkeys(("start", "end", "since"), datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain " + load_sql("delivery", "warmup_signs"), values)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Seq Scan on delivery_outcome" not in plan
    assert "Seq Scan on delivery_attempt" not in plan
    assert "Seq Scan on delivery_batch" not in plan
