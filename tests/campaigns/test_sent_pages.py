"""The pages of a campaign that left: live, report, the people behind each number."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from campaigns import services
from campaigns.models import Campaign
from contacts.models import Contact
from contacts.services import note_leaving_reason
from delivery.models import Link, Outcome
from delivery.reasons import Reason
from feedback.models import LinkStats
from tests.campaigns.ledgers import ACCEPTED, DOUBTFUL, NOW, REFUSED, sent
from tests.campaigns.pages import Count, text_of, url


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


def test_heat_is_drawn_on_the_message_and_no_link_is_anybodys(team_client: Client, finished: Campaign) -> None:
    mailing = finished.mailing_id or 0
    LinkStats.objects.create(mailing_id=mailing, number=1, people_count=1, click_count=3)

    assert "?heat" in text_of(team_client, url("report", finished))
    assert "?heat" not in text_of(team_client, f"{url('report', finished)}?message=plain")
    hot, plain = (text_of(team_client, url("message", finished) + query) for query in ("?heat", ""))

    assert "1 · 100\xa0%" in hot or "1 · 100%" in hot
    assert hot.index("https://shop.example/lin") < hot.index("1 · 100") < hot.index("Voir les draps")
    assert "1 · 100" not in plain
    assert "/c/" not in hot + plain  # a tracked link would count the team's clicks as somebody's
    assert "Bonjour" in plain
