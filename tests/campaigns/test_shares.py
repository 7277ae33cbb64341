"""One mailbox provider's share of a campaign that was stopped: shown where it needs a hand, and decided by a person."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from analytics.attention import _braked
from campaigns.models import Campaign
from campaigns.orders import canary_of
from contacts.models import Contact
from delivery.models import Brake, Provider
from delivery.services import Canary
from tests.campaigns.ledgers import sent
from tests.campaigns.test_pages import text_of

GMAIL, ORANGE = 1, 4


@pytest.fixture
def braked(campaign: Campaign, people: list[Contact]) -> Campaign:
    found = sent(campaign, people, [{}, {}, {}], state="sending")
    assert found.mailing
    Brake.objects.create(
        mailing=found.mailing, mx_group=GMAIL, wave_size=1, state=Brake.State.STOPPED,
        kind=Brake.Kind.HARD_BOUNCES, value=0.05, limit=0.02,
    )  # fmt: skip
    Brake.objects.create(mailing=found.mailing, mx_group=ORANGE, wave_size=1, wave_done_at=datetime.now(UTC))
    return found


def decide(client: Client, campaign: Campaign, verb: str, share: object) -> None:
    response = client.post(reverse(f"campaigns:{verb}", args=[campaign.pk]), {"share": share})
    assert response["Location"] == reverse("campaigns:show", args=[campaign.pk])


def test_a_stopped_share_is_said_on_the_live_page_and_at_home(team_client: Client, braked: Campaign) -> None:
    page = text_of(team_client, reverse("campaigns:live", args=[braked.pk]))

    assert "Gmail – Stopped: you decide" in page
    assert "5.00% dead addresses; the limit is 2.0%." in page
    assert "A first wave has left to: Orange." in page
    assert page.count(reverse("campaigns:give_up", args=[braked.pk])) == 1
    assert page.count(reverse("campaigns:go_on", args=[braked.pk])) == 2
    (matter,) = _braked()
    assert ("Gmail" in matter.title, matter.pk) == (True, braked.pk)


@pytest.mark.parametrize(("verb", "state"), [("go_on", Brake.State.RELEASED), ("give_up", Brake.State.DROPPED)])
def test_a_person_decides_once(team_client: Client, braked: Campaign, verb: str, state: int) -> None:
    decide(team_client, braked, verb, GMAIL)
    decide(team_client, braked, "give_up", GMAIL)

    brake = Brake.objects.get(mx_group=GMAIL)
    assert (brake.state, brake.decided_by is not None, brake.decided_at is not None) == (state, True, True)
    entry = AuditEntry.objects.get(verb="mailing.brake_decided")
    assert (entry.user, entry.details["was"]) == (brake.decided_by, "stopped")
    assert Brake.objects.get(mx_group=ORANGE).state == Brake.State.WATCHING


@pytest.mark.parametrize("share", ["", "x", "77", ORANGE])
def test_what_is_no_decision_changes_nothing(team_client: Client, braked: Campaign, share: object) -> None:
    decide(team_client, braked, "give_up", share)

    assert not Brake.objects.exclude(decided_at=None).exists()


def test_the_test_inbox_needs_no_waves(campaign: Campaign) -> None:
    assert canary_of(campaign) is None
    campaign.provider = Provider.objects.create(name="Relay", kind="smtp")
    assert canary_of(campaign) == Canary(size=0, minutes=15)
