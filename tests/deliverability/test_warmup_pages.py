"""The pages of warm-ups: what they show, their buttons, and that they cost the same for one plan and for ten."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deliverability.models import SendingDomain, WarmupDay, WarmupPlan
from deliverability.warmup import plans
from deliverability.warmup.judging import Signs, decide

pytestmark = pytest.mark.django_db
GMAIL, ORANGE, OTHERS = 1, 4, 0


def today() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def domain() -> SendingDomain:
    return SendingDomain.objects.create(name="maison-verdier.fr")


@pytest.fixture
def plan(domain: SendingDomain) -> WarmupPlan:
    return plans.start(domain=domain, groups=[GMAIL], user=None, today=today().date())[0]


def test_an_installation_without_domains_is_taught(team_client: Client) -> None:
    assert "No sending domain yet" in team_client.get("/warmups/").text


def test_a_domain_begins_where_it_is_told_to(team_client: Client, domain: SendingDomain) -> None:
    before = team_client.get("/warmups/").text
    nothing = team_client.post(f"/warmups/domains/{domain.pk}/start/", {"groups": ["99"]}, follow=True).text
    after = team_client.post(f"/warmups/domains/{domain.pk}/start/", {"groups": ["1", "0"]}, follow=True).text

    assert "sends as much as it likes" in before
    assert "Choose at least one" in nothing
    assert "2 plans have begun" in after
    assert "0 of 100" in after
    assert set(WarmupPlan.objects.values_list("mx_group", flat=True)) == {GMAIL, OTHERS}


def test_a_plan_shows_its_day_its_curve_and_why(team_client: Client, plan: WarmupPlan) -> None:
    now = today()
    decide(plan, Signs(sent=90, complaints=2, hard=1), on=now.date() - timedelta(days=1), judged_to=now.date(), now=now)
    WarmupDay.objects.create(plan=plan, on=now.date(), ceiling=100, reserved_count=37)

    page = team_client.get(f"/warmups/{plan.pk}/").text

    assert "<b>37</b> of 100 are used, 63 may still leave." in page
    assert "Two steps back, to 100 a day" in page
    assert "% complaints; the limit is 0.3" in page
    assert "90 sent, 2 complaints, 1 dead, 0 deferred" in page
    assert "1,700" in page  # a week ahead


def test_buttons_keep_release_and_end(team_client: Client, plan: WarmupPlan) -> None:
    url = f"/warmups/{plan.pk}/"

    kept = team_client.post(f"{url}keep/", follow=True).text
    again = team_client.post(f"{url}keep/", follow=True).text
    released = team_client.post(f"{url}release/", follow=True).text
    ended = team_client.post(f"{url}finish/", follow=True).text

    assert "kept by hand" in kept
    assert "has moved on" in again
    assert "The plan goes on." in released
    assert "No ceiling any more." in ended
    assert "Other ceilings" not in ended


def test_ceilings_are_changed_and_nonsense_is_told(team_client: Client, plan: WarmupPlan) -> None:
    url = f"/warmups/{plan.pk}/"

    words = team_client.post(url, {"ceilings": "100\nmany"}).text
    steep = team_client.post(url, {"ceilings": "100, 150, 400"}).text
    team_client.post(url, {"ceilings": "80\n100 130"})

    plan.refresh_from_db()
    assert "Line 2: “many” is not a number." in words
    assert "Day 3 is more than double" in steep
    assert plan.ceilings == [80, 100, 130]


def test_the_list_costs_the_same_for_one_plan_and_for_many(team_client: Client, plan: WarmupPlan) -> None:
    team_client.get("/warmups/")
    with CaptureQueriesContext(connection) as one:
        team_client.get("/warmups/")
    for name in ("a.fr", "b.fr"):
        more = SendingDomain.objects.create(name=name)
        plans.start(domain=more, groups=[GMAIL, ORANGE, OTHERS], user=None, today=today().date())
    with CaptureQueriesContext(connection) as many:
        team_client.get("/warmups/")

    assert len(one) == len(many)
