"""The sunset rule: who is quiet, what happens to them, and that the forecast is what happens."""

from datetime import datetime, timedelta

import pytest

from contacts.hygiene.quiet import ask_forecast, forecast, make_forecasts, rule_of
from contacts.hygiene.sunset import run_sunset
from contacts.models import Contact, ContactList, HygieneRule, HygieneRun, Subscription, Sunset, Suppression
from contacts.services import push_engagement, push_own_acts, remove_list, unsubscribe
from delivery.models import Mailing, Outcome
from tests.feedback.sent import SENT_AT, Sent, send

Kind = HygieneRule.Kind
DAY = timedelta(days=1)
NOW = SENT_AT + 60 * DAY


@pytest.fixture
def sent(db: None) -> Sent:
    """Three people who came long ago and were written to sixty days ago."""
    made = send(3)
    Contact.objects.update(created_at=NOW - 400 * DAY)
    return made


@pytest.fixture
def winback(db: None) -> ContactList:
    return ContactList.objects.create(name="Win-back", is_public=False)


@pytest.fixture
def rule(winback: ContactList) -> HygieneRule:
    made = rule_of(Kind.SUNSET)
    made.is_on, made.contact_list, made.quiet_days, made.answer_days = True, winback, 180, 30
    made.save()
    return made


def on_list(contact_list: ContactList) -> set[int]:
    rows = Subscription.objects.filter(contact_list=contact_list, state=Subscription.State.SUBSCRIBED)
    return set(rows.values_list("contact_id", flat=True))


def write_again(sent: Sent, at: datetime) -> None:
    """A later mailing, here one more life of the same rows, reached everybody."""
    Outcome.objects.update(at=at)


def test_is_off_until_somebody_switches_it_on(sent: Sent) -> None:
    assert run_sunset(at=NOW) is None
    assert not Sunset.objects.exists()


def test_quiet_people_go_to_the_win_back_list_and_those_who_clicked_do_not(
    sent: Sent, rule: HygieneRule, winback: ContactList
) -> None:
    quiet, clicked, chose = sent.contacts
    push_engagement(opened={quiet.pk: NOW.date()}, clicked={clicked.pk: NOW - 10 * DAY})
    push_own_acts(acted={chose.pk: NOW - 20 * DAY})

    run = run_sunset(at=NOW)

    assert run and run.counts == {"back": 0, "suppressed": 0, "waiting": 0, "asked": 1}
    assert on_list(winback) == {quiet.pk}
    assert run_sunset(at=NOW + DAY).counts["asked"] == 0
    assert HygieneRun.objects.count() == 2


def test_an_open_counts_only_where_the_team_says_so(sent: Sent, rule: HygieneRule) -> None:
    push_engagement(opened={sent.contacts[0].pk: (NOW - 3 * DAY).date()}, clicked={})
    HygieneRule.objects.update(counts_opens=True)

    assert run_sunset(at=NOW).counts["asked"] == 2


def test_who_was_not_written_to_is_not_quiet(sent: Sent, rule: HygieneRule) -> None:
    Outcome.objects.filter(pk=sent.messages[0]).update(at=NOW - 200 * DAY)
    Outcome.objects.filter(pk=sent.messages[1]).update(state=Outcome.State.REFUSED)

    assert run_sunset(at=NOW).counts["asked"] == 1


@pytest.mark.parametrize("field", ["is_test", "is_transactional"])
def test_tests_and_receipts_are_no_campaigns(sent: Sent, rule: HygieneRule, field: str) -> None:
    Mailing.objects.update(**{field: True})

    assert run_sunset(at=NOW).counts["asked"] == 0


def test_after_the_days_to_answer_campaigns_stop_for_those_the_win_back_reached(
    sent: Sent, rule: HygieneRule, winback: ContactList
) -> None:
    run_sunset(at=NOW)
    first = sent.contacts[0]
    later = NOW + 31 * DAY
    assert run_sunset(at=later).counts == {"back": 0, "suppressed": 0, "waiting": 3, "asked": 0}
    write_again(sent, NOW + 5 * DAY)
    push_engagement(opened={}, clicked={first.pk: NOW + 6 * DAY})

    run = run_sunset(at=later + DAY)

    assert run.counts == {"back": 1, "suppressed": 2, "waiting": 0, "asked": 0}
    assert first.pk not in on_list(winback)
    rows = Suppression.objects.values_list("reason", "scope", "origin").distinct()
    assert list(rows) == [(Suppression.Reason.INACTIVE, Suppression.Scope.MARKETING, "sunset")]
    assert set(Sunset.objects.filter(state=Sunset.State.SUPPRESSED, moved_at=run.at).values_list("pk", flat=True)) == {
        contact.pk for contact in sent.contacts[1:]
    }


def test_a_late_sign_of_life_brings_back_whom_the_rule_alone_had_stopped(
    sent: Sent, rule: HygieneRule, winback: ContactList
) -> None:
    run_sunset(at=NOW)
    write_again(sent, NOW + 5 * DAY)
    run_sunset(at=NOW + 31 * DAY)
    returned, said_no = sent.contacts[:2]
    Suppression.objects.filter(address_key=said_no.address_key).delete()
    unsubscribe(contact=said_no, at=NOW + 32 * DAY)
    push_engagement(opened={}, clicked={returned.pk: NOW + 40 * DAY, said_no.pk: NOW + 33 * DAY})

    assert run_sunset(at=NOW + 41 * DAY).counts["back"] == 2

    assert not Suppression.objects.filter(address_key=returned.address_key).exists()
    assert Suppression.objects.get(address_key=said_no.address_key).reason == Suppression.Reason.UNSUBSCRIBED
    assert Sunset.objects.get(pk=returned.pk).state == Sunset.State.BACK


def test_who_left_the_win_back_list_is_not_put_on_it_again(sent: Sent, rule: HygieneRule, winback: ContactList) -> None:
    left = sent.contacts[0]
    Subscription.objects.create(contact=left, contact_list=winback, state=Subscription.State.UNSUBSCRIBED)

    run_sunset(at=NOW)

    assert left.pk not in on_list(winback)
    assert Sunset.objects.get(pk=left.pk).joined is False


def test_forecast_tells_what_the_rule_would_do_now_and_in_the_weeks_to_come(sent: Sent, rule: HygieneRule) -> None:
    push_engagement(
        opened={},
        clicked={sent.contacts[1].pk: NOW - 170 * DAY, sent.contacts[2].pk: NOW - DAY},
    )

    found = forecast(rule, at=NOW)

    assert (found["now"], found["weeks"]) == (1, [0, 1] + [0] * 10)
    assert run_sunset(at=NOW).counts["asked"] == 1
    assert run_sunset(at=NOW + 14 * DAY).counts["asked"] == 1


def test_forecasts_are_made_when_asked_for(sent: Sent) -> None:
    ask_forecast(Kind.SUNSET, at=NOW)

    assert make_forecasts(at=NOW) == 1
    assert make_forecasts(at=NOW) == 0
    assert rule_of(Kind.SUNSET).forecast["now"] == 3
    assert not Sunset.objects.exists()


def test_without_its_list_the_rule_is_off_and_says_so(rule: HygieneRule, winback: ContactList) -> None:
    remove_list(contact_list=winback)

    rule.refresh_from_db()
    assert (rule.is_on, rule.contact_list_id) == (False, None)
