"""States and their losers: every move is won once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEntry, User
from campaigns import services
from campaigns.models import UNDO, Campaign
from campaigns.orders import canary_of
from campaigns.services import CampaignRefused, Draft, Seen
from contacts.models import ContactList, Subscription
from delivery.models import Mailing, Provider
from delivery.services import Canary
from tests.campaigns.pages import counting, counts_in

NOW = datetime(2026, 6, 29, 7, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def start(campaign: Campaign, **values: object) -> datetime:
    return services.start_campaign(campaign=campaign, user=None, now=NOW, **values)  # type: ignore[arg-type]


def fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.shown().get(pk=campaign.pk)


def verbs(campaign: Campaign) -> list[str]:
    return list(AuditEntry.objects.filter(target=campaign.target).order_by("pk").values_list("verb", flat=True))


def send(campaign: Campaign) -> Campaign:
    start(campaign, undo=timedelta(0))
    services.begin(campaign_id=campaign.pk, now=NOW)
    return fresh(campaign)


# ── drafts ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_create_keeps_everything(campaign: Campaign, draft: Draft, ines: User) -> None:
    found = fresh(campaign)

    assert (found.name, found.subject, found.user, found.phase) == (draft.name, draft.subject, ines, "draft")
    assert list(found.lists.all()) == list(draft.lists)
    assert verbs(campaign) == ["campaign.create"]


def test_create_with_a_taken_name_is_refused(campaign: Campaign, draft: Draft) -> None:
    with pytest.raises(CampaignRefused, match="already a campaign"):
        services.create_campaign(draft=draft, user=None)


def test_update_writes_only_what_was_given(campaign: Campaign) -> None:
    services.update_draft(campaign=campaign, draft=Draft(subject="New", given=frozenset({"subject"})), user=None)

    found = fresh(campaign)
    assert (found.subject, found.name, found.lists.count()) == ("New", "Soldes d’été", 1)


def test_update_of_a_scheduled_campaign_is_refused(campaign: Campaign) -> None:
    start(campaign, at=LATER)

    with pytest.raises(CampaignRefused, match="no longer be changed"):
        services.update_draft(campaign=campaign, draft=Draft(subject="New", given=frozenset({"subject"})), user=None)


def test_duplicate_takes_audience_and_message_under_free_names(campaign: Campaign) -> None:
    first = services.duplicate_campaign(campaign=campaign, user=None)
    second = services.duplicate_campaign(campaign=campaign, user=None)

    assert [first.name, second.name] == ["Soldes d’été (copy)", "Soldes d’été (copy 2)"]
    assert list(first.lists.all()) == list(campaign.lists.all())
    assert first.template_version == campaign.template_version
    assert first.is_draft


def test_duplicate_of_a_sent_campaign_is_a_draft_without_mailing(campaign: Campaign) -> None:
    copy = services.duplicate_campaign(campaign=send(campaign), user=None)

    assert (copy.phase, copy.mailing_id, copy.occasion) == ("draft", None, None)


def test_delete_takes_drafts_only(campaign: Campaign) -> None:
    start(campaign, at=LATER)
    with pytest.raises(CampaignRefused):
        services.delete_draft(campaign=campaign, user=None)
    services.undo(campaign=campaign, user=None)

    services.delete_draft(campaign=campaign, user=None)

    assert not Campaign.objects.filter(name=campaign.name).exists()


# ── start and undo ──────────────────────────────────────────────────────────────────────────────────────────────
def test_send_now_leaves_after_the_time_to_undo(campaign: Campaign, ines: User) -> None:
    starts_at = services.start_campaign(campaign=campaign, user=ines, now=NOW)

    assert starts_at == NOW + UNDO
    assert services.start_due(now=NOW + UNDO / 2) == []
    assert fresh(campaign).phase == "scheduled"

    (mailing_id,) = services.start_due(now=NOW + UNDO)

    found = fresh(campaign)
    assert (found.phase, found.mailing_id, found.started_by) == ("planned", mailing_id, ines)
    assert verbs(campaign) == ["campaign.create", "campaign.send", "campaign.start"]


def test_mailing_holds_what_the_campaign_said(campaign: Campaign) -> None:
    mailing = send(campaign).mailing

    assert mailing is not None
    content = mailing.contents.get()
    assert (mailing.name, mailing.occasion) == (campaign.name, fresh(campaign).occasion)
    assert (content.subject, content.sender_address) == (campaign.subject, "bonjour@maison-verdier.example")
    assert mailing.provider == campaign.provider


def test_start_due_finds_a_campaign_once(campaign: Campaign) -> None:
    start(campaign)

    assert len(services.start_due(now=LATER)) == 1
    assert services.start_due(now=LATER) == []
    assert Mailing.objects.count() == 1


def test_second_start_is_refused(campaign: Campaign) -> None:
    other = fresh(campaign)
    start(campaign)

    with pytest.raises(CampaignRefused, match="already scheduled"):
        start(other)
    assert verbs(campaign).count("campaign.send") == 1


def test_start_with_a_blocking_check_is_refused_with_its_sentence(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(subject="")

    with pytest.raises(CampaignRefused, match="The subject is empty"):
        start(fresh(campaign))
    assert fresh(campaign).phase == "draft"


def test_start_in_the_past_is_refused(campaign: Campaign) -> None:
    with pytest.raises(CampaignRefused, match="already over"):
        start(campaign, at=NOW - timedelta(minutes=1))


def test_undo_in_time_makes_it_a_draft_and_nothing_leaves(campaign: Campaign) -> None:
    start(campaign)

    assert services.undo(campaign=campaign, user=None)
    assert services.start_due(now=LATER) == []
    assert (fresh(campaign).phase, Mailing.objects.count()) == ("draft", 0)


def test_undo_after_the_start_loses(campaign: Campaign) -> None:
    start(campaign)
    stale = fresh(campaign)
    services.start_due(now=LATER)

    assert not services.undo(campaign=stale, user=None)
    assert fresh(campaign).phase == "planned"


def test_undo_twice_loses_the_second_time(campaign: Campaign) -> None:
    start(campaign)
    stale = fresh(campaign)

    assert services.undo(campaign=campaign, user=None)
    assert not services.undo(campaign=stale, user=None)


def test_undo_of_a_page_that_had_seen_another_date_loses(campaign: Campaign) -> None:
    start(campaign, at=LATER)
    stale = fresh(campaign)
    services.undo(campaign=campaign, user=None)
    start(fresh(campaign), at=LATER + timedelta(days=1))

    assert not services.undo(campaign=stale, user=None)


# ── drift ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_start_of_what_was_seen_goes_through(campaign: Campaign) -> None:
    start(campaign, seen=Seen(updated_at=fresh(campaign).updated_at, recipient_count=3))

    assert fresh(campaign).phase == "scheduled"


def test_change_after_the_review_is_refused(campaign: Campaign) -> None:
    seen = Seen(updated_at=fresh(campaign).updated_at, recipient_count=3)
    services.update_draft(campaign=campaign, draft=Draft(subject="Other", given=frozenset({"subject"})), user=None)

    with pytest.raises(CampaignRefused, match="changed after you opened"):
        start(fresh(campaign), seen=seen)


def seen_with(campaign: Campaign, people: int) -> Seen:
    return Seen(updated_at=fresh(campaign).updated_at, recipient_count=people)


def test_audience_as_the_page_had_shown_it_stays_on_its_way(campaign: Campaign) -> None:
    start(campaign, seen=seen_with(campaign, 4))
    assert services.uncounted() == [campaign.pk]

    assert services.count_again(campaign_id=campaign.pk)

    assert (fresh(campaign).phase, services.uncounted()) == ("scheduled", [])


def test_audience_grown_after_the_review_is_a_draft_again_before_anything_leaves(
    campaign: Campaign, ines: User
) -> None:
    services.start_campaign(campaign=campaign, user=ines, now=NOW, seen=seen_with(campaign, 1_400))

    assert not services.count_again(campaign_id=campaign.pk)

    found = fresh(campaign)
    assert (found.phase, found.starts_at, found.seen_count) == ("draft", None, None)
    assert "3 instead of 1,400" in found.problem
    assert verbs(campaign)[-1] == "campaign.not_started"
    assert services.start_due(now=LATER) == []


def test_what_nobody_had_time_to_count_is_counted_at_the_start(campaign: Campaign, ines: User) -> None:
    services.start_campaign(campaign=campaign, user=ines, now=NOW, seen=seen_with(campaign, 1_400))

    assert services.start_due(now=LATER) == []

    assert "no longer what the page had shown" in fresh(campaign).problem


def test_undone_before_it_was_counted_is_left_alone(campaign: Campaign) -> None:
    start(campaign, seen=seen_with(campaign, 1_400))
    services.undo(campaign=campaign, user=None)

    assert not services.count_again(campaign_id=campaign.pk)

    assert (fresh(campaign).problem, verbs(campaign)[-1]) == ("", "campaign.undo")


def test_click_and_start_count_nobody(campaign: Campaign) -> None:
    with counting() as clicked:
        start(campaign, seen=seen_with(campaign, 3))
    with counting() as between:
        services.count_again(campaign_id=campaign.pk)
    with counting() as started:
        services.start_due(now=LATER)

    assert [counts_in(one) for one in (clicked, between, started)] == [0, 1, 0]


def test_what_blocks_at_the_time_puts_it_back_to_draft_with_the_reason(campaign: Campaign, ines: User) -> None:
    services.start_campaign(campaign=campaign, user=ines, now=NOW, at=LATER)
    Subscription.objects.all().delete()

    assert services.start_due(now=LATER) == []

    found = fresh(campaign)
    assert (found.phase, found.starts_at, Mailing.objects.count()) == ("draft", None, 0)
    assert "Nobody would get this message" in found.problem
    assert verbs(campaign)[-1] == "campaign.not_started"


def test_next_change_of_the_draft_clears_the_problem(campaign: Campaign, newsletter: ContactList) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(problem="Nobody")

    services.update_draft(campaign=fresh(campaign), draft=Draft(subject="New", given=frozenset({"subject"})), user=None)

    assert fresh(campaign).problem == ""


# ── under way ───────────────────────────────────────────────────────────────────────────────────────────────────
def in_state(campaign: Campaign, state: str) -> Campaign:
    found = send(campaign)
    Mailing.objects.filter(pk=found.mailing_id).update(state=state)
    return fresh(campaign)


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [
        ("sending", services.pause, "paused"),
        ("paused", services.resume, "sending"),
        ("sending", services.cancel, "cancelled"),
        ("paused", services.cancel, "cancelled"),
    ],
)
def test_move_of_the_mailing(campaign: Campaign, state: str, verb: Callable[..., bool], after: str) -> None:
    found = in_state(campaign, state)

    assert verb(campaign=found, user=None)
    assert fresh(campaign).phase == after
    assert not verb(campaign=found, user=None)
    assert verbs(campaign).count(f"campaign.{verb.__name__}") == 1


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("paused", services.pause),
        ("finished", services.pause),
        ("sending", services.resume),
        ("cancelled", services.resume),
        ("finished", services.cancel),
    ],
)
def test_move_that_comes_too_late_changes_nothing(campaign: Campaign, state: str, verb: Callable[..., bool]) -> None:
    found = in_state(campaign, state)

    assert not verb(campaign=found, user=None)
    assert fresh(campaign).phase == state


def test_nothing_to_pause_before_it_left(campaign: Campaign) -> None:
    assert not services.pause(campaign=campaign, user=None)
    assert not services.cancel(campaign=campaign, user=None)


def test_cancel_of_a_scheduled_campaign_makes_it_a_draft(campaign: Campaign) -> None:
    start(campaign, at=LATER)

    assert services.cancel(campaign=campaign, user=None)
    assert fresh(campaign).phase == "draft"


# ── rhythm ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_rhythm_reaches_the_mailing(campaign: Campaign) -> None:
    services.set_rhythm(campaign=campaign, rhythm=services.Rhythm(6, True, wave_size=50, wave_minutes=30))

    mailing = send(campaign).mailing

    assert mailing is not None
    assert mailing.pace_seconds == 6 * 3600
    assert (str(mailing.quiet_from), str(mailing.quiet_to)) == ("21:00:00", "08:00:00")


def test_the_first_wave_reaches_the_order_but_not_to_the_test_inbox(campaign: Campaign) -> None:
    services.set_rhythm(campaign=campaign, rhythm=services.Rhythm(wave_size=50, wave_minutes=30))
    assert canary_of(campaign) is None

    campaign.provider = Provider.objects.create(name="Relay")

    assert canary_of(campaign) == Canary(size=50, minutes=30)


def test_the_rhythm_of_a_scheduled_campaign_stays(campaign: Campaign) -> None:
    start(campaign, at=LATER)

    assert not services.set_rhythm(campaign=campaign, rhythm=services.Rhythm(6, True))
    assert fresh(campaign).pace_hours == 0
