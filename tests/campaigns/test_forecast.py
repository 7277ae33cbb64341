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

    assert "Warm-up: 2 days" in page
    assert "if every day goes well" in page


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

    assert "if every day goes well" not in to_nobody
    assert "if every day goes well" not in without_ceilings


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
