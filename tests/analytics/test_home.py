"""Home: first steps on an empty installation, then the morning's page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Organisation
from analytics.attention import matters
from analytics.figures import period_of
from analytics.steps import facts, progress
from analytics.views import _lead
from campaigns.models import Campaign
from contacts.models import Contact, ContactImport
from deliverability.models import SendingDomain
from deliverability.services import ensure_sender
from deliverability.warmup import plans
from deliverability.warmup.judging import Signs, decide
from delivery.models import Batch, Cause, Mailing, Outage, Provider
from tests.analytics.conftest import MakeMailing, count

pytestmark = pytest.mark.django_db
MakeCampaign = Callable[..., Campaign]


def home(client: Client, **query: object) -> str:
    response = client.get(reverse("analytics:home"), query)
    assert response.status_code == 200
    return response.text


def test_empty_installation_sees_its_first_steps(team_client: Client) -> None:
    text = home(team_client)

    assert "Welcome, Inès" in text
    assert "1 of 6" in text
    assert "Send a first campaign to the test inbox" in text


def test_steps_are_measured_and_samples_do_not_count(organisation: Organisation) -> None:
    Contact.objects.create(address="a@x.example", address_key="a@x.example", sort_key="a", is_sample=True)
    ensure_sender(name="Verdier", address="a@verdier.example")

    found = progress(facts(), organisation)

    assert [step.is_done for step in found.steps] == [True, False, True, False, False, False]
    assert [step.is_current for step in found.steps].index(True) == 1


def test_sample_figures_are_said_to_be_so_until_a_real_campaign_leaves(
    team_client: Client, make_campaign: MakeCampaign
) -> None:
    sample = make_campaign("Carnet", is_sample=True)
    assert sample.mailing
    count(sample.mailing, timezone.now(), accepted=1_234)
    text = home(team_client)
    assert "These are sample figures" in text
    assert "1,234 messages accepted" in text

    make_campaign("Soldes")
    text = home(team_client)
    assert "These are sample figures" not in text
    assert "1,234 messages accepted" not in text


@pytest.mark.parametrize("days", ["7", "30", "90"])
def test_period_can_be_chosen(team_client: Client, make_campaign: MakeCampaign, days: str) -> None:
    make_campaign()

    assert f"Your rates over {days} days" in home(team_client, days=days)


@pytest.mark.parametrize("days", ["", "0", "1000000", "x", "-7"])
def test_nonsense_period_is_thirty_days(team_client: Client, make_campaign: MakeCampaign, days: str) -> None:
    make_campaign()

    assert "Your rates over 30 days" in home(team_client, days=days)


def test_page_costs_the_same_for_one_and_three(team_client: Client, make_campaign: MakeCampaign) -> None:
    costs = []
    for expected in (1, 3):
        while Campaign.objects.filter(state="started").count() < 2 * expected:
            number = Campaign.objects.count()
            running = make_campaign(f"Running {number}", state=Mailing.State.SENDING)
            assert running.mailing
            count(running.mailing, timezone.now(), accepted=10, presumed=10, opened=3)
            make_campaign(f"Paused {number}", state=Mailing.State.PAUSED, pause_reason="535 no")
            Campaign.objects.create(name=f"Draft {number}", problem="No sender is chosen.")
        with CaptureQueriesContext(connection) as queries:
            home(team_client)
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_what_is_leaving_is_shown_with_its_ledger(team_client: Client, make_campaign: MakeCampaign) -> None:
    campaign = make_campaign("Soldes", state=Mailing.State.SENDING, planned_count=10)
    assert campaign.mailing
    Batch.objects.create(
        mailing=campaign.mailing, provider=campaign.mailing.provider, mx_group=0, first_id=1, last_id=10, state=2,
        due_at=timezone.now(), done_to=0, open_to=0, accepted_count=7, skipped_count=2, unknown_count=1,
    )  # fmt: skip

    text = team_client.get(reverse("analytics:sending")).text

    assert "Soldes" in text
    assert "The count balances" in text
    assert reverse("campaigns:pause", args=[campaign.pk]) in text
    assert 'hx-trigger="every 3s"' in text


def test_the_lead_counts_what_moves(team_client: Client, make_campaign: MakeCampaign) -> None:
    make_campaign("Rentrée", state=Mailing.State.PAUSED)
    assert "Nothing is leaving right now." in home(team_client)
    make_campaign("Soldes", state=Mailing.State.SENDING)
    assert "A campaign is leaving." in home(team_client)
    make_campaign("Noël", state=Mailing.State.SENDING)
    assert "Several campaigns are leaving." in home(team_client)


def test_nothing_leaving_asks_less_often(team_client: Client) -> None:
    text = team_client.get(reverse("analytics:sending")).text

    assert "Nothing is leaving" in text
    assert 'hx-trigger="every 15s"' in text


def found_titles(organisation: Organisation) -> list[str]:
    period = period_of(days=30, now=timezone.now(), zone=organisation.zone, is_sample=False)
    return [matter.title for matter in matters(period=period, now=timezone.now())]


def test_paused_campaign_needs_a_hand_with_the_servers_words(team_client: Client, make_campaign: MakeCampaign) -> None:
    make_campaign("Soldes", state=Mailing.State.PAUSED, pause_reason="535 5.7.8 <b>Authentication failed</b>")

    text = home(team_client)

    assert "“Soldes” is paused" in text
    assert "535 5.7.8 &lt;b&gt;Authentication failed" in text


def test_messages_of_unknown_fate_need_a_hand(organisation: Organisation, make_campaign: MakeCampaign) -> None:
    mailing = make_campaign("Soldes").mailing
    assert mailing
    Batch.objects.create(
        mailing=mailing, provider=mailing.provider, mx_group=0, first_id=1, last_id=3, state=2,
        due_at=timezone.now(), done_to=0, open_to=0, unknown_count=3,
    )  # fmt: skip

    assert found_titles(organisation) == ["3 messages of unknown fate"]


def test_provider_that_refused_the_test_needs_a_hand(organisation: Organisation, catcher: Provider) -> None:
    Provider.objects.filter(pk=catcher.pk).update(test_error="Connection refused", tested_at=timezone.now())

    assert found_titles(organisation) == [f"“{catcher.name}” does not take our mail"]


def test_an_account_out_of_order_needs_a_hand(organisation: Organisation, catcher: Provider) -> None:
    now = timezone.now()
    Outage.objects.create(provider=catcher, cause=Cause.QUOTA, words="552 quota", struck_at=now, began_at=now)

    assert found_titles(organisation) == [f"“{catcher}” is out of order: quota used up"]


def test_a_warm_up_that_stepped_back_needs_a_hand(organisation: Organisation) -> None:
    domain, now = SendingDomain.objects.create(name="maison-verdier.fr"), timezone.now()
    for group in (1, 4):
        [plan] = plans.start(domain=domain, groups=[group], user=None, today=now.date())
        decide(plan, Signs(sent=100, deferred=30 if group == 4 else 0), on=now.date(), judged_to=now.date(), now=now)

    assert found_titles(organisation) == ["The warm-up of maison-verdier.fr stepped back at Orange"]


def test_campaign_given_back_needs_a_hand(organisation: Organisation) -> None:
    Campaign.objects.create(name="Soldes", problem="No sender is chosen.")

    assert found_titles(organisation) == ["“Soldes” could not leave"]


def test_high_complaints_need_a_hand_once_there_are_enough_people(
    organisation: Organisation, make_mailing: MakeMailing
) -> None:
    mailing = make_mailing()
    count(mailing, timezone.now() - timedelta(hours=2), accepted=400, presumed=400, complained=1)
    assert found_titles(organisation) == []

    count(mailing, timezone.now() - timedelta(hours=3), accepted=600, presumed=600, complained=2)
    assert found_titles(organisation) == ["Too many complaints: mailbox providers look at that"]


def test_search_finds_by_name(team_client: Client) -> None:
    Contact.objects.create(
        address="camille@x.example", address_key="camille@x.example", sort_key="roux camille", first_name="Camille"
    )
    Campaign.objects.create(name="Carnet de Camille")

    text = team_client.get(reverse("analytics:search"), {"q": "camille"}).text

    assert "camille@<wbr>" in text or "camille<wbr>@x.example" in text
    assert "Carnet de Camille" in text


def test_search_of_nothing_and_of_nobody_answers(team_client: Client) -> None:
    assert team_client.get(reverse("analytics:search")).status_code == 200
    assert "Nothing is called “&lt;zz&gt;”" in team_client.get(reverse("analytics:search"), {"q": "<zz>"}).text
    assert team_client.get(reverse("analytics:search"), {"q": "\x00"}).status_code == 200


def test_failed_import_needs_a_hand(team_client: Client, make_campaign: MakeCampaign) -> None:
    make_campaign()
    ContactImport.objects.create(file_name="clients.csv", file_size=3, state="failed", error="The file is empty.")

    text = home(team_client)

    assert "The import of “clients.csv” stopped" in text
    assert "The file is empty." in text


@pytest.mark.parametrize(
    ("language", "day"), [("en", "Wednesday 25 November 2026. "), ("fr", "Mercredi 25 novembre 2026. ")]
)
def test_the_day_is_written_as_its_language_does(language: str, day: str) -> None:
    with translation.override(language):
        assert _lead(now=datetime(2026, 11, 25, 12, tzinfo=UTC), moving=0, count=0).startswith(day)
