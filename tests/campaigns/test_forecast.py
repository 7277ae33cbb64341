"""A campaign of a domain that is warming up says when it will be through, before and while it leaves."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from campaigns.models import Campaign
from contacts.models import Contact
from deliverability.models import Sender, WarmupDay, WarmupPlan
from deliverability.warmup import plans
from delivery.models import Mailing, Provider
from tests.campaigns.ledgers import sent

pytestmark = pytest.mark.django_db
GMAIL, OTHERS = 1, 0


@pytest.fixture
def warming(sender: Sender, ines: User) -> list[WarmupPlan]:
    """One message a day at Gmail, and two at all the others together."""
    made = plans.start(domain=sender.domain, groups=[GMAIL, OTHERS], user=ines, today=datetime.now(UTC).date())
    WarmupPlan.objects.filter(pk=made[0].pk).update(ceilings=[1, 1])
    WarmupPlan.objects.filter(pk=made[1].pk).update(ceilings=[1, 2])
    return made


@pytest.fixture
def relayed(campaign: Campaign) -> Campaign:
    """Through a server that reaches people."""
    campaign.provider = Provider.objects.create(name="Relay", options={"host": "127.0.0.1", "port": 25})
    campaign.save()
    return campaign


@pytest.mark.usefixtures("warming", "people")
def test_review_says_how_many_days_it_takes(team_client: Client, relayed: Campaign) -> None:
    page = team_client.get(f"/campaigns/{relayed.pk}/review/").text

    assert "The last message leaves" in page
    assert "The warm-up of maison-verdier.example decides (others: 1 today" in page
    assert "others: 2 people," in page.replace("Others", "others")


@pytest.mark.usefixtures("people")
def test_without_a_plan_or_to_the_test_inbox_nothing_is_said(
    team_client: Client, campaign: Campaign, warming: list[WarmupPlan]
) -> None:
    to_nobody = team_client.get(f"/campaigns/{campaign.pk}/review/").text
    campaign.provider = Provider.objects.create(name="Relay", options={"host": "127.0.0.1", "port": 25})
    campaign.save()
    for plan in warming:
        plans.finish(plan, user=None)
    without_ceilings = team_client.get(f"/campaigns/{campaign.pk}/review/").text

    assert "The warm-up of" not in to_nobody
    assert "no speed was measured yet" in without_ceilings


def test_the_live_page_says_what_waits_for_tomorrow(
    team_client: Client, relayed: Campaign, people: list[Contact], warming: list[WarmupPlan], sender: Sender
) -> None:
    found = sent(relayed, people, [{}, {}, {}], state="sending")
    Mailing.objects.filter(pk=found.mailing_id).update(from_domain=sender.domain.name)
    WarmupDay.objects.create(plan=warming[0], on=datetime.now(UTC).date(), ceiling=1, reserved_count=1)

    page = team_client.get(f"/campaigns/{relayed.pk}/live/").text

    assert "Gmail – Warm-up: today&#x27;s ceiling of 1 is reached" in page
    assert "is warming up" in page
    assert "When it will be through" in page
    assert "tomorrow" in page


@pytest.mark.usefixtures("people")
def test_another_rhythm_shows_its_end_at_once_and_stores_nothing(team_client: Client, relayed: Campaign) -> None:
    address = f"/campaigns/{relayed.pk}/forecast/"

    part = team_client.get(address, {"pace_hours": "6"}).text
    assert "Spread evenly over 6 hours, as asked." in part
    assert 'id="ends" hx-swap-oob="true"' in part
    later = team_client.get(address, {"pace_hours": "1", "at": "2099-06-01T09:00"}).text
    assert "1 June 2099" in later or "more than a year" in later
    assert "no speed was measured yet" in team_client.get(address, {"pace_hours": "all night", "at": "soon"}).text
    relayed.refresh_from_db()
    assert relayed.pace_hours == 0


def test_the_page_of_a_scheduled_campaign_tells_its_end(team_client: Client, relayed: Campaign) -> None:
    values = {"state": "scheduled", "starts_at": datetime(2099, 6, 1, 9, 0, tzinfo=UTC), "pace_hours": 24}
    Campaign.objects.filter(pk=relayed.pk).update(**values)

    page = team_client.get(f"/campaigns/{relayed.pk}/scheduled/").text
    assert "on 2 June 2099" in page
    assert "Spread evenly over 24 hours" in page


def test_home_and_the_live_page_tell_the_same_end(
    team_client: Client, relayed: Campaign, people: list[Contact]
) -> None:
    found = sent(relayed, people, [{}, {}, {}], state="sending")
    Mailing.objects.filter(pk=found.mailing_id).update(pace_seconds=3 * 24 * 3600)

    for page in ("/", f"/campaigns/{relayed.pk}/live/"):
        words = team_client.get(page).text
        assert "last message on " in words, page
