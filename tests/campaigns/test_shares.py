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
from delivery.models import Batch, Brake, Message, Provider
from delivery.refusals import refusals_of
from delivery.services import Canary
from tests.campaigns.ledgers import REFUSED, sent
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

    assert "Stopped by what comes back: you decide" in page
    assert "5.00% dead addresses; the limit is 2.0%." in page
    assert "A first wave has left to: Orange." in page
    assert page.count(reverse("campaigns:give_up", args=[braked.pk])) == 1
    assert page.count(reverse("campaigns:go_on", args=[braked.pk])) == 2
    (matter,) = _braked()
    assert ("Gmail" in matter.title, matter.pk) == (True, braked.pk)


def test_what_several_mailbox_providers_say_stands_once(
    team_client: Client, campaign: Campaign, people: list[Contact]
) -> None:
    found = sent(campaign, people, [REFUSED, REFUSED, {}], state="sending")
    assert found.mailing
    for contact, group in zip(people, (GMAIL, ORANGE, GMAIL), strict=True):
        numbers = Message.objects.filter(contact_id=contact.pk).values("pk")
        Batch.objects.filter(first_id__in=numbers).update(mx_group=group)

    (cluster,) = refusals_of(found.mailing)
    assert [(part.who, part.count) for part in cluster.parts] == [("Orange", 1), ("Gmail", 1)]
    assert (cluster.count, cluster.took_minutes) == (2, False)
    page = text_of(team_client, reverse("campaigns:live", args=[found.pk]))
    assert page.count("The address does not exist") == 1
    assert "2 people" in page


@pytest.mark.parametrize(("verb", "state"), [("go_on", Brake.State.RELEASED), ("give_up", Brake.State.DROPPED)])
def test_a_person_decides_once(team_client: Client, braked: Campaign, verb: str, state: int) -> None:
    decide(team_client, braked, verb, GMAIL)
    decide(team_client, braked, "give_up", GMAIL)

    brake = Brake.objects.get(mx_group=GMAIL)
    assert (brake.state, brake.decided_by is not None, brake.decided_at is not None) == (state, True, True)
    entry = AuditEntry.objects.get(verb="mailing.brake_decided")
    assert (entry.user, entry.details["was"]) == (brake.decided_by, "stopped")
    assert Brake.objects.get(mx_group=ORANGE).state == Brake.State.WATCHING


def test_several_stopped_shares_are_decided_with_one_click(team_client: Client, braked: Campaign) -> None:
    Brake.objects.filter(mx_group=ORANGE).update(
        state=Brake.State.STOPPED, kind=Brake.Kind.HARD_BOUNCES, value=0.03, limit=0.02
    )
    (matter,) = _braked()
    assert "Gmail · Orange" in matter.title
    assert matter.text == "Gmail 5.00% · Orange 3.00% dead addresses; the limit is 2.0%."
    page = text_of(team_client, reverse("campaigns:live", args=[braked.pk]))
    assert page.count(reverse("campaigns:give_up", args=[braked.pk])) == 3

    decide(team_client, braked, "give_up", [GMAIL, ORANGE])

    assert set(Brake.objects.values_list("state", flat=True)) == {Brake.State.DROPPED}
    assert AuditEntry.objects.filter(verb="mailing.brake_decided").count() == 2


@pytest.mark.parametrize("share", ["", "x", "77", ORANGE])
def test_what_is_no_decision_changes_nothing(team_client: Client, braked: Campaign, share: object) -> None:
    decide(team_client, braked, "give_up", share)

    assert not Brake.objects.exclude(decided_at=None).exists()


def test_the_test_inbox_needs_no_waves(campaign: Campaign) -> None:
    assert canary_of(campaign) is None
    campaign.provider = Provider.objects.create(name="Relay", kind="smtp")
    assert canary_of(campaign) == Canary(size=0, minutes=15)
