"""The pages: what they show, how many queries they cost, and that reading changes nothing."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from campaigns import services
from campaigns.models import Campaign
from campaigns.services import Draft
from contacts.models import Contact, ContactList
from contacts.services import note_leaving_reason
from delivery.models import Link, Outcome
from delivery.reasons import Reason
from templates_app.models import TemplateVersion
from tests.campaigns.ledgers import ACCEPTED, DOUBTFUL, NOW, REFUSED, sent

Count = Callable[[str], int]


def url(name: str, campaign: Campaign, *more: Any) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.pk, *more])


@contextmanager
def counting() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as queries:
        yield queries


@pytest.fixture
def count_queries(team_client: Client) -> Count:
    """How many queries a page costs once everything that is kept is kept."""

    def count(address: str) -> int:
        assert team_client.get(address).status_code == 200
        with counting() as queries:
            team_client.get(address)
        return len(queries)

    return count


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


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
def button(client: Client, campaign: Campaign, **more: str) -> Any:
    """Press what the review page shows."""
    context = client.get(url("review", campaign)).context
    values = {
        "when": "now",
        "seen_at": context["campaign"].updated_at.isoformat(),
        "seen_count": context["review"].reach.recipient_count,
    }
    return client.post(url("send", campaign), values | more)


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


def test_schedule_at_a_time_of_ones_own_zone(team_client: Client, campaign: Campaign) -> None:
    button(team_client, campaign, when="later", at="2030-07-01T09:30")

    campaign.refresh_from_db()
    assert campaign.starts_at is not None
    assert campaign.starts_at.isoformat() == "2030-07-01T07:30:00+00:00"  # Paris, in summer
    page = text_of(team_client, url("scheduled", campaign))
    assert "Take it back" in page
    assert "9:30" in page


@pytest.mark.parametrize(
    "more", [{"when": "later"}, {"when": "later", "at": "2020-01-01T09:00"}, {"seen_at": "x"}, {"seen_count": "99"}]
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


# ── live ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_live_page_shows_everybody_and_the_servers_words_escaped(
    team_client: Client, campaign: Campaign, people: list[Contact]
) -> None:
    sent(campaign, people, [ACCEPTED, REFUSED, {}], state="sending")

    page = text_of(team_client, url("live", campaign))

    assert "The count balances" in page
    assert "550 5.1.1 &lt;b&gt;no such user" in page
    assert f"{url('people', campaign)}?state=refused" in page
    assert "Pause" in page
    assert 'hx-trigger="every 2s"' in page


def test_live_part_stops_asking_when_it_is_over(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    sent(campaign, people, [ACCEPTED, ACCEPTED, {}], state="sending")
    address, asked = url("live", campaign), {"hx-request": "true"}
    part = team_client.get(address, {"shown": "sending"}, headers=asked)
    assert part.status_code == 200
    assert 'id="livebar"' not in part.content.decode()

    found = Campaign.objects.shown().get(pk=campaign.pk)
    assert found.mailing is not None
    found.mailing.state = "finished"
    found.mailing.save()

    part = team_client.get(address, {"shown": "sending"}, headers=asked)
    assert part.status_code == 286
    assert "Open the report" in part.content.decode()


def test_live_page_costs_the_same_for_one_and_three(
    count_queries: Count, campaign: Campaign, people: list[Contact]
) -> None:
    sent(campaign, people[:1], [REFUSED], state="sending")
    one = count_queries(url("live", campaign))
    copy = services.duplicate_campaign(campaign=campaign, user=None)
    sent(copy, people, [REFUSED, REFUSED | {"reason": Reason.REFUSED_FULL}, REFUSED], state="sending")

    assert count_queries(url("live", copy)) == one


def test_pause_resume_cancel_by_button(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    sent(campaign, people, [ACCEPTED, {}, {}], state="sending")
    for verb, phase in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert team_client.post(url(verb, campaign)).status_code == 302
        assert Campaign.objects.shown().get(pk=campaign.pk).phase == phase


def test_pause_says_why_and_until_when(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    found = sent(campaign, people, [ACCEPTED, {}, {}], state="paused")
    assert found.mailing is not None
    found.mailing.pause_reason = "535 5.7.8 <i>bad login</i>"
    found.mailing.save()

    assert "535 5.7.8 &lt;i&gt;bad login" in text_of(team_client, url("live", campaign))


@pytest.mark.django_db(transaction=True)
def test_doubt_is_settled_by_a_person(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    sent(campaign, people, [ACCEPTED, ACCEPTED, DOUBTFUL], state="sending")
    doubt = Outcome.objects.get(state=Outcome.State.UNKNOWN)
    assert "whose fate is unknown" in text_of(team_client, url("live", campaign))

    team_client.post(url("settle", campaign, doubt.pk), {"sent": "1"})

    doubt.refresh_from_db()
    assert doubt.state == Outcome.State.ACCEPTED


def test_doubt_of_another_campaign_cannot_be_settled_here(
    team_client: Client, campaign: Campaign, people: list[Contact]
) -> None:
    sent(campaign, people, [ACCEPTED, ACCEPTED, DOUBTFUL], state="sending")

    assert team_client.post(url("settle", campaign, 1), {"sent": "1"}).status_code == 404


# ── report and people ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def finished(campaign: Campaign, people: list[Contact]) -> Campaign:
    reactions = {"opened_at": NOW + timedelta(hours=1), "clicked_at": NOW + timedelta(hours=2)}
    return sent(campaign, people, [ACCEPTED | reactions, REFUSED, ACCEPTED], state="finished")


def test_report_shows_ledger_rates_and_reasons(team_client: Client, finished: Campaign) -> None:
    page = text_of(team_client, url("report", finished))

    assert "3 planned = 2 + 1" in page
    assert "50.0<small>" in page  # opens: one of two
    assert "The address does not exist" in page
    assert "How each figure is made" in page


def test_report_costs_the_same_for_one_and_three(
    count_queries: Count, campaign: Campaign, people: list[Contact]
) -> None:
    sent(campaign, people[:1], [ACCEPTED], state="finished")
    one = count_queries(url("report", campaign))
    copy = services.duplicate_campaign(campaign=campaign, user=None)
    more = sent(copy, people, [ACCEPTED, REFUSED, REFUSED | {"reason": Reason.REFUSED_FULL}], state="finished")
    assert more.mailing is not None
    for number in (90, 91):
        Link.objects.create(
            mailing=more.mailing, content=more.mailing.contents.get(), number=number, url="https://shop.example/x"
        )

    assert count_queries(url("report", copy)) <= one + 1  # the rates of the campaign before


def test_report_of_a_draft_leads_back(team_client: Client, campaign: Campaign) -> None:
    assert team_client.get(url("report", campaign)).status_code == 302
    assert team_client.get(url("people", campaign)).status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("state=accepted", 2),
        ("state=refused", 1),
        (f"state=refused&reason={Reason.REFUSED_ADDRESS.value}", 1),
        (f"state=refused&reason={Reason.REFUSED_FULL.value}", 0),
        ("state=pending", 0),
        ("did=clicked", 1),
        ("did=opened&mailbox=1", 1),
        ("state=accepted&mailbox=1", 1),
        ("state=nonsense&reason=x&mailbox=-1&did=y&link=z", 3),
        ("link=1", 0),
    ],
)
def test_people_behind_a_number(team_client: Client, finished: Campaign, query: str, count: int) -> None:
    response = team_client.get(f"{url('people', finished)}?{query}")

    assert len(response.context["people"]) == count


def test_people_page_costs_the_same_for_one_and_three(
    count_queries: Count, campaign: Campaign, people: list[Contact]
) -> None:
    sent(campaign, people[:1], [ACCEPTED], state="finished")
    one = count_queries(url("people", campaign))
    copy = services.duplicate_campaign(campaign=campaign, user=None)
    sent(copy, people, [ACCEPTED] * 3, state="finished")

    assert count_queries(url("people", copy)) == one


def test_export_neutralises_formulas(team_client: Client, campaign: Campaign, people: list[Contact]) -> None:
    Contact.objects.filter(pk=people[0].pk).update(first_name="=1+1")
    sent(campaign, people, [ACCEPTED, REFUSED, ACCEPTED], state="finished")

    response = team_client.get(url("export", campaign))
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode("utf-8-sig"))))

    assert [row["address"] for row in rows] == [contact.address for contact in people]
    assert rows[0]["first_name"] == "'=1+1"
    assert (rows[1]["state"], rows[1]["reply"]) == ("refused", "550 5.1.1 <b>no such user</b>")


# ── French ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "words"),
    [("list", "Campagnes"), ("review", "Relire avant l’envoi"), ("content", "Expéditeur"), ("audience", "Listes")],
)
def test_pages_in_french(team_client: Client, campaign: Campaign, ines: User, name: str, words: str) -> None:
    User.objects.filter(pk=ines.pk).update(language="fr")
    address = reverse("campaigns:list") if name == "list" else url(name, campaign)

    assert words in text_of(team_client, address)


def test_report_in_french(team_client: Client, finished: Campaign, ines: User) -> None:
    User.objects.filter(pk=ines.pk).update(language="fr")

    page = text_of(team_client, url("report", finished))

    assert "Taux" in page
    assert "50,0<small>\u202f%" in page


def test_report_tells_why_people_left(team_client: Client, finished: Campaign) -> None:
    mailing = finished.mailing_id or 0
    for message, answer in ((1, 1), (2, 1), (3, 4)):
        note_leaving_reason(mailing=mailing, message=message, answer=answer, words="<b>un par mois</b>", at=NOW)

    page = text_of(team_client, url("report", finished))

    card = page.partition('id="leaving"')[2]
    assert card.index("Too many messages") < card.index("I receive them elsewhere")
    assert "&lt;b&gt;un par mois" in card
