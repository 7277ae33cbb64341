"""Plans, their verdicts and forecasts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection

from accounts.models import AuditEntry, User
from contacts.mailbox_providers import MAILBOX_PROVIDERS
from deliverability.models import SendingDomain, WarmupDay, WarmupDecision, WarmupPlan
from deliverability.warmup import plans
from deliverability.warmup.curves import MOST_RISE, ceilings_for
from deliverability.warmup.days import covered, give_back, plan_for, reserve
from deliverability.warmup.judging import Signs, decide, verdict_on
from deliverability.warmup.plans import BrokenCeilings, check_ceilings

GMAIL, ORANGE, OVH, OTHERS = 1, 4, 10, 0
TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
State, Verb = WarmupPlan.State, WarmupDecision.Verb


@pytest.fixture
def domain(db: None) -> SendingDomain:
    return SendingDomain.objects.create(name="maison-verdier.fr")


@pytest.fixture
def plan(domain: SendingDomain, ines: User) -> WarmupPlan:
    return plans.start(domain=domain, groups=[GMAIL], user=ines, today=TODAY)[0]


def bare(**values: object) -> WarmupPlan:
    return WarmupPlan(**({"mx_group": GMAIL, "ceilings": [100, 150, 220, 330], "step": 2} | values))


@pytest.mark.parametrize("group", [known.number for known in MAILBOX_PROVIDERS])
def test_default_curves_rise_and_never_double(group: int) -> None:
    ceilings = ceilings_for(group)

    check_ceilings(ceilings)
    assert ceilings == sorted(ceilings)
    assert all(after / before <= 1.6 < MOST_RISE for before, after in pairwise(ceilings))
    assert ceilings[-1] > 10_000


@pytest.mark.parametrize(
    ("signs", "verb", "step", "state"),
    [
        (Signs(sent=200), Verb.FORWARD, 3, State.RUNNING),
        (Signs(sent=109), Verb.SAME, 2, State.RUNNING),
        (Signs(sent=220, complaints=1), Verb.FORWARD, 3, State.RUNNING),
        (Signs(sent=1500, complaints=2), Verb.HELD, 2, State.HELD),
        (Signs(sent=220, complaints=2), Verb.BACK, 0, State.BACK),
        (Signs(sent=200, hard=3), Verb.FORWARD, 3, State.RUNNING),
        (Signs(sent=200, hard=4), Verb.HELD, 2, State.HELD),
        (Signs(sent=200, hard=10), Verb.BACK, 0, State.BACK),
        (Signs(sent=200, deferred=19), Verb.FORWARD, 3, State.RUNNING),
        (Signs(sent=200, deferred=20), Verb.HELD, 2, State.HELD),
        (Signs(sent=200, deferred=50), Verb.BACK, 0, State.BACK),
        (Signs(sent=200, deferred=20, complaints=2), Verb.BACK, 0, State.BACK),
        (Signs(sent=4, deferred=4), Verb.SAME, 2, State.RUNNING),
    ],
)
def test_a_day_decides_on_the_step(signs: Signs, verb: str, step: int, state: str) -> None:
    found = verdict_on(bare(), signs)

    assert (found.verb, found.step, found.state) == (verb, step, state)
    assert (found.value is None) == (verb in (Verb.FORWARD, Verb.SAME))


def test_the_last_step_ends_it_and_a_kept_one_stays() -> None:
    assert verdict_on(bare(step=3), Signs(sent=330)).state == State.DONE
    assert verdict_on(bare(is_kept=True), Signs(sent=220)).verb == Verb.SAME
    assert verdict_on(bare(is_kept=True), Signs(sent=220, complaints=3)).verb == Verb.BACK
    assert verdict_on(bare(step=1), Signs(sent=150, hard=15)).step == 0


def test_a_day_is_judged_once_and_stands_in_the_log(plan: WarmupPlan) -> None:
    again = WarmupPlan.objects.get(pk=plan.pk)

    first = decide(plan, Signs(sent=90), on=TODAY, judged_to=TODAY, now=NOW)
    second = decide(again, Signs(sent=90), on=TODAY, judged_to=TODAY, now=NOW)

    plan.refresh_from_db()
    assert (first, second) == (True, False)
    assert (plan.step, plan.judged_on) == (1, TODAY)
    assert list(WarmupDecision.objects.order_by("pk").values_list("verb", "step", "ceiling", "sent_count")) == [
        (Verb.STARTED, 0, 100, 0), (Verb.FORWARD, 1, 150, 90),
    ]  # fmt: skip


def test_a_day_without_mail_moves_nothing_and_says_nothing(plan: WarmupPlan) -> None:
    assert decide(plan, None, on=TODAY, judged_to=TODAY, now=NOW)

    plan.refresh_from_db()
    assert (plan.step, plan.judged_on, plan.decisions.count()) == (0, TODAY, 1)


def test_a_ceiling_is_never_passed_and_what_was_not_handed_over_comes_back(plan: WarmupPlan) -> None:
    taken = [reserve(plan.pk, want=60, now=NOW) for _ in range(3)]
    give_back(plan.pk, count=15, on=TODAY)
    give_back(plan.pk, count=15, on=TODAY - timedelta(days=1))

    assert taken == [60, 40, 0]
    assert reserve(plan.pk, want=60, now=NOW) == 15
    assert reserve(plan.pk, want=60, now=NOW, is_counted_only=True) == 60
    assert WarmupDay.objects.get().reserved_count == 160


@pytest.mark.django_db(transaction=True)
def test_those_who_ask_at_once_share_the_ceiling_exactly(plan: WarmupPlan) -> None:
    def ask(_: int) -> int:
        try:
            return sum(reserve(plan.pk, want=7, now=NOW) or 0 for _ in range(6))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        granted = sum(pool.map(ask, range(4)))

    assert granted == WarmupDay.objects.get().reserved_count == 100


def test_nothing_leaves_before_yesterday_was_judged(plan: WarmupPlan) -> None:
    tomorrow = NOW + timedelta(days=1)
    reserve(plan.pk, want=60, now=NOW)

    before = reserve(plan.pk, want=10, now=tomorrow), reserve(plan.pk, want=10, now=tomorrow, is_counted_only=True)
    decide(plan, Signs(sent=60), on=TODAY, judged_to=TODAY, now=tomorrow)

    assert before == (None, 10)
    assert reserve(plan.pk, want=1000, now=tomorrow) == 140


def test_an_ended_plan_limits_nobody(plan: WarmupPlan, ines: User) -> None:
    assert plans.finish(plan, user=ines)
    assert not plans.finish(plan, user=ines)

    assert reserve(plan.pk, want=5000, now=NOW) == 5000
    assert plan_for(domain="maison-verdier.fr", mx_group=GMAIL) is None
    [again] = plans.start(domain=plan.domain, groups=[GMAIL], user=ines, today=TODAY + timedelta(days=90))
    assert (again.pk, again.step, again.state) == (plan.pk, 0, State.RUNNING)


def test_the_plan_of_the_others_covers_who_has_none(domain: SendingDomain) -> None:
    gmail, others = plans.start(domain=domain, groups=[GMAIL, OTHERS], user=None, today=TODAY)

    assert plan_for(domain=domain.name, mx_group=OVH) == others
    assert plan_for(domain=domain.name, mx_group=GMAIL) == gmail
    plans.finish(gmail, user=None)
    assert plan_for(domain=domain.name, mx_group=GMAIL) is None
    assert GMAIL not in covered(domain=domain.name)
    assert covered(domain=domain.name)[ORANGE] == others
    assert covered(domain="elsewhere.fr") == {}


def test_verbs_of_a_person_are_logged_and_told_apart(plan: WarmupPlan, ines: User) -> None:
    assert not plans.release(plan, user=ines)
    assert plans.keep(plan, user=ines)
    assert not plans.keep(plan, user=ines)
    assert plans.release(plan, user=ines)
    assert plans.change_ceilings(plan, ceilings=[80, 120], user=ines)

    assert plan.ceiling == 80
    assert list(plan.decisions.order_by("pk").values_list("verb", flat=True)) == [
        Verb.STARTED, Verb.KEPT, Verb.RELEASED, Verb.EDITED,
    ]  # fmt: skip
    assert AuditEntry.objects.filter(verb__startswith="warmup.").count() == 4
    assert plans.start(domain=plan.domain, groups=[GMAIL], user=ines, today=TODAY) == []


@pytest.mark.parametrize(
    ("ceilings", "said"),
    [([], "between 1 and 90"), ([1] * 91, "between 1 and 90"), ([50, 0], "Day 2"), ([50, 60, 130], "Day 3")],
)
def test_harmful_ceilings_are_refused_by_day(ceilings: list[int], said: str) -> None:
    with pytest.raises(BrokenCeilings, match=said):
        check_ceilings(ceilings)
