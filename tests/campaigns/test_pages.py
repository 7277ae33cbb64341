"""The pages before sending: list, steps of a draft, review, the button; reading them changes nothing."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from campaigns import services
from campaigns.models import Campaign
from campaigns.services import Draft
from contacts.models import Contact, ContactList
from delivery.models import Provider
from templates_app.models import TemplateVersion
from tests.campaigns.ledgers import ACCEPTED, NOW, REFUSED, sent
from tests.campaigns.pages import Count, button, counting, counts_in, text_of, url


# ── list ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_empty_list_teaches(team_client: Client) -> None:
    assert "Your first campaign" in text_of(team_client, reverse("campaigns:list"))


def test_list_costs_the_same_for_one_and_three(count_queries: Count, campaign: Campaign, people: list[Contact]) -> None:
    sent(campaign, people, [ACCEPTED] * 3, state="finished")
    one = count_queries(reverse("campaigns:list"))
    for _ in range(2):
        copy = services.duplicate_campaign(campaign=campaign, user=None)
        sent(copy, people, [ACCEPTED] * 3, state="sending")

    assert count_queries(reverse("campaigns:list")) == one


def test_list_shows_progress_and_rates(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    sent(campaign, people, [ACCEPTED | {"clicked_at": NOW}, REFUSED, {}], state="sending")

    page = text_of(team_client, reverse("campaigns:list"))

    assert "2 of 3" in page
    assert "Being sent" in page
    assert "Delivers to nobody" in page
    assert url("live", campaign) in page


@pytest.mark.parametrize(
    ("query", "seen"), [("state=draft", True), ("state=finished", False), ("q=lin", True), ("q=zebra", False)]
)
def test_list_filters(team_client: Client, campaign: Campaign, query: str, seen: bool) -> None:
    assert (campaign.name in text_of(team_client, f"{reverse('campaigns:list')}?{query}")) is seen


def test_list_says_why_a_campaign_did_not_leave(team_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(problem="Nobody would get this message")

    assert "did not leave" in text_of(team_client, reverse("campaigns:list"))
    assert "Nobody would get this message" in text_of(team_client, url("review", campaign))


# ── the steps of a draft ────────────────────────────────────────────────────────────────────────────────────────
def test_draft_from_name_to_review(
    team_client: Client, draft: Draft, newsletter: ContactList, version: TemplateVersion, ines: User
) -> None:
    made = team_client.post(reverse("campaigns:new"), {"name": "Le carnet", "lists": [newsletter.pk]})
    campaign = Campaign.objects.get(name="Le carnet")
    assert made["Location"] == url("content", campaign)
    assert (campaign.user, campaign.language) == (ines, "en")

    assert draft.sender is not None
    assert draft.provider is not None
    values = {
        "template": version.template_id,
        "subject": "  Le lin\n est là ",
        "preheader": "",
        "sender": draft.sender.pk,
        "reply_to": "sav@maison-verdier.example",
        "provider": draft.provider.pk,
        "language": "fr",
    }
    saved = team_client.post(url("content", campaign), values)
    campaign.refresh_from_db()

    assert saved["Location"] == url("review", campaign)
    assert (campaign.subject, campaign.template_version, campaign.reply_to) == (
        "Le lin est là",
        version,
        values["reply_to"],
    )


def test_draft_can_be_left_half_way_and_resumed(
    team_client: Client, newsletter: ContactList, organisation: object
) -> None:
    team_client.post(reverse("campaigns:new"), {"name": "Le carnet", "lists": []})
    campaign = Campaign.objects.get(name="Le carnet")

    left = team_client.post(url("content", campaign), {"subject": "Half", "language": "fr", "later": ""})

    assert left["Location"] == reverse("campaigns:list")
    assert team_client.get(url("show", campaign))["Location"] == url("content", campaign)
    assert "Half" in text_of(team_client, url("content", campaign))


def test_name_that_is_taken_is_said_at_the_field(team_client: Client, campaign: Campaign) -> None:
    response = team_client.post(reverse("campaigns:new"), {"name": campaign.name})

    assert response.context["form"].errors["name"]
    assert Campaign.objects.count() == 1


def test_first_step_without_a_list_teaches(team_client: Client) -> None:
    assert "There is no list yet" in text_of(team_client, reverse("campaigns:new"))


@pytest.mark.parametrize("step", ["audience", "content", "review"])
def test_steps_of_a_scheduled_campaign_lead_to_its_page(team_client: Client, campaign: Campaign, step: str) -> None:
    services.start_campaign(campaign=campaign, user=None, now=timezone.now(), at=timezone.now() + timedelta(days=1))

    assert team_client.get(url(step, campaign))["Location"] == url("show", campaign)


def test_duplicate_and_delete(team_client: Client, campaign: Campaign) -> None:
    team_client.post(url("duplicate", campaign))
    copy = Campaign.objects.exclude(pk=campaign.pk).get()

    team_client.post(url("delete", copy))

    assert list(Campaign.objects.all()) == [campaign]


# ── review ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_review_has_one_button_with_the_number(team_client: Client, campaign: Campaign) -> None:
    page = text_of(team_client, url("review", campaign))

    assert "Send to 3 people" in page
    assert "Camille, le lin est à −40 %" in page
    assert "Nothing serious" in page


def test_review_that_blocks_has_no_button(team_client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(subject="{{ contact.prenom }}")

    page = text_of(team_client, url("review", campaign))

    assert "Send to" not in page
    assert "contact.prenom" in page


def test_review_as_somebody_without_a_first_name(
    team_client: Client, campaign: Campaign, people: list[Contact]
) -> None:
    assert "Bonjour, le lin" in text_of(team_client, f"{url('review', campaign)}?as={people[2].pk}")
    assert "Bonjour vous" in text_of(team_client, f"{url('preview', campaign)}?as={people[2].pk}")


def test_preview_runs_nothing(team_client: Client, campaign: Campaign) -> None:
    policy = team_client.get(url("preview", campaign))["Content-Security-Policy"]

    assert "sandbox" in policy
    assert "default-src 'none'" in policy


def test_review_costs_the_same_whatever_the_lists(
    count_queries: Count, campaign: Campaign, people: list[Contact]
) -> None:
    one = count_queries(url("review", campaign))
    for name in ("Shop", "Club"):
        other = ContactList.objects.create(name=name)
        other.subscriptions.create(contact=people[0])
        campaign.lists.add(other)

    assert count_queries(url("review", campaign)) == one


@pytest.fixture
def crowd(newsletter: ContactList) -> None:
    """So many on the list that no page waits for their count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_contact (address, address_key, sort_key, first_name) "
            "select a, a, a, 'Zoé' from (select 'p' || n || '@verdier.example' a from generate_series(1, 20000) n) x"
        )
        cursor.execute(
            "insert into contacts_subscription (contact_id, contact_list_id) "
            "select id, %s from contacts_contact on conflict do nothing",
            [newsletter.pk],
        )


@pytest.mark.usefixtures("crowd")
def test_pages_of_a_long_list_come_first_and_their_numbers_after(team_client: Client, campaign: Campaign) -> None:
    address = url("review", campaign)
    cache.clear()
    with counting() as statements:
        page = text_of(team_client, address)

    assert not counts_in(statements)
    assert f'hx-get="{address}?counts=1&amp;as=' in page
    assert "Counting…" in page
    assert 'value="now" disabled' in page
    counted = text_of(team_client, f"{address}?counts=1")
    assert "Send to 20,003 people" in counted
    assert "hx-select-oob" not in counted
    assert 'value="now" disabled' not in counted

    button(team_client, campaign, when="later", at="2030-07-01T09:30", seen_count="20003")
    cache.clear()
    assert "Counting…" in text_of(team_client, url("scheduled", campaign))
    assert "20,003" in text_of(team_client, f"{url('scheduled', campaign)}?counts=1")


def test_newer_template_is_taken_with_one_button(
    team_client: Client, campaign: Campaign, version: TemplateVersion
) -> None:
    newer = version.template.versions.create(source=version.source, html=version.html)
    version.template.current = newer
    version.template.save()
    assert "Take the new version" in text_of(team_client, url("review", campaign))

    team_client.post(url("newer", campaign))

    campaign.refresh_from_db()
    assert campaign.template_version == newer


def test_people_before_sending(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    assert "camille.roux@" in text_of(team_client, url("reach", campaign)).replace("<wbr>", "")
    assert "gets the message" in text_of(team_client, f"{url('reach', campaign)}?q=camille")
    stranger = Contact.objects.create(address="zoe@x.example", address_key="zoe@x.example", sort_key="zoe")
    assert "on none of the chosen lists" in text_of(team_client, f"{url('reach', campaign)}?q={stranger.address[:3]}")


# ── send and undo ───────────────────────────────────────────────────────────────────────────────────────────────
def test_button_then_undo(team_client: Client, campaign: Campaign) -> None:
    assert button(team_client, campaign)["Location"] == url("scheduled", campaign)
    page = text_of(team_client, url("scheduled", campaign))
    assert "It leaves in" in page
    assert 'http-equiv="refresh"' in page

    undone = team_client.post(url("undo", campaign))

    assert undone["Location"] == url("review", campaign)
    campaign.refresh_from_db()
    assert campaign.is_draft


def test_countdown_moves_on_when_it_has_left(team_client: Client, campaign: Campaign) -> None:
    button(team_client, campaign)
    services.start_due(now=timezone.now() + timedelta(minutes=1))

    assert team_client.get(url("scheduled", campaign))["Location"] == url("live", campaign)
    part = team_client.get(url("scheduled", campaign), headers={"hx-request": "true"})
    assert part["HX-Redirect"] == url("live", campaign)
    assert team_client.post(url("undo", campaign))["Location"] == url("show", campaign)


def test_countdown_leads_back_when_the_audience_is_another(team_client: Client, campaign: Campaign) -> None:
    assert button(team_client, campaign, seen_count="99")["Location"] == url("scheduled", campaign)
    services.count_again(campaign_id=campaign.pk)

    part = team_client.get(url("scheduled", campaign), headers={"hx-request": "true"})

    assert part["HX-Redirect"] == url("review", campaign)
    assert "3 instead of 99" in text_of(team_client, url("review", campaign))


def test_schedule_at_a_time_of_ones_own_zone(team_client: Client, campaign: Campaign) -> None:
    button(team_client, campaign, when="later", at="2030-07-01T09:30")

    campaign.refresh_from_db()
    assert campaign.starts_at is not None
    assert campaign.starts_at.isoformat() == "2030-07-01T07:30:00+00:00"  # Paris, in summer
    page = text_of(team_client, url("scheduled", campaign))
    assert "Take it back" in page
    assert "9:30" in page


@pytest.mark.parametrize(
    "more", [{"when": "later"}, {"when": "later", "at": "2020-01-01T09:00"}, {"seen_at": "x"}, {"seen_count": "x"}]
)
def test_button_with_something_wrong_sends_nothing(
    team_client: Client, campaign: Campaign, more: dict[str, str]
) -> None:
    assert button(team_client, campaign, **more)["Location"] == url("review", campaign)

    campaign.refresh_from_db()
    assert campaign.is_draft


@pytest.mark.parametrize("name", ["send", "undo", "pause", "resume", "cancel", "delete", "duplicate", "newer"])
def test_reading_never_acts(team_client: Client, campaign: Campaign, name: str) -> None:
    assert team_client.get(url(name, campaign)).status_code == 405


# ── French ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "words"),
    [("list", "Campagnes"), ("review", "Relire avant l’envoi"), ("content", "Expéditeur"), ("audience", "Listes")],
)
def test_pages_in_french(team_client: Client, campaign: Campaign, ines: User, name: str, words: str) -> None:
    User.objects.filter(pk=ines.pk).update(language="fr")
    address = reverse("campaigns:list") if name == "list" else url(name, campaign)

    assert words in text_of(team_client, address)


def test_the_first_wave_is_asked_for_where_it_means_something(team_client: Client, campaign: Campaign) -> None:
    assert 'name="wave_size"' not in text_of(team_client, url("review", campaign))  # the test inbox answers nothing
    here = {"host": "127.0.0.1", "port": 2525, "tls": "none"}
    Campaign.objects.filter(pk=campaign.pk).update(provider=Provider.objects.create(name="Relay", options=here))
    assert "in waves" not in text_of(team_client, url("review", campaign))

    button(team_client, campaign, wave_size="50", wave_minutes="30")

    campaign.refresh_from_db()
    assert (campaign.state, campaign.wave_size, campaign.wave_minutes) == ("scheduled", 50, 30)
    Campaign.objects.filter(pk=campaign.pk).update(state="draft")
    page = text_of(team_client, url("review", campaign))
    assert "then 30 minutes to see what comes back" in page
    assert 'value="50"' in page
