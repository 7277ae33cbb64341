"""The rates of a period: what is compared with what, and which days belong to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from analytics.figures import Figure, Period, period_of
from tests.analytics.conftest import NOW, MakeMailing, count

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def period(days: int = 30, *, is_sample: bool | None = False) -> Period:
    return period_of(days=days, now=NOW, zone=PARIS, is_sample=is_sample)


def figure(found: Period, name: str) -> Figure:
    return next(figure for figure in found.figures if figure.rate.name == name)


def test_nothing_sent_has_no_value_and_no_trend() -> None:
    found = period()

    assert found.is_empty
    assert not found.has_reactions
    assert {figure.value for figure in found.figures} == {None}
    assert {figure.trend for figure in found.figures} == {None}


def test_rates_are_compared_with_the_period_before(make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    count(mailing, NOW - timedelta(days=40), accepted=1_000, presumed=980, hard_bounce=20)
    count(mailing, NOW - timedelta(days=10), accepted=1_000, presumed=995, hard_bounce=5)

    bounces = figure(period(), "bounce")

    assert bounces.value == 0.005
    assert bounces.trend == pytest.approx(-0.015)
    assert bounces.is_better is True


def test_change_smaller_than_the_weather_has_no_colour(make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    count(mailing, NOW - timedelta(days=40), accepted=1_000, presumed=989, hard_bounce=11)
    count(mailing, NOW - timedelta(days=10), accepted=2_000, presumed=1_977, hard_bounce=23)

    assert figure(period(), "bounce").is_better is None


def test_rate_above_its_threshold_is_never_good(make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    count(mailing, NOW - timedelta(days=40), accepted=1_000, presumed=900, hard_bounce=100)
    count(mailing, NOW - timedelta(days=10), accepted=1_000, presumed=960, hard_bounce=40)

    assert figure(period(), "bounce").is_better is False


def test_each_point_of_a_curve_is_the_rate_of_the_days_that_end_there(make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    count(mailing, NOW - timedelta(days=10), accepted=100, presumed=100, clicked=10)
    count(mailing, NOW - timedelta(days=2), clicked=10)

    clicks = figure(period(7), "click")

    # ten days ago is still within the seven days that end three to six days ago
    assert clicks.values[:3] == [0.1, 0.1, 0.1]
    assert clicks.values[3:] == [None] * 4
    assert clicks.value is None


def test_days_are_those_of_the_organisations_zone(make_mailing: MakeMailing) -> None:
    # 23:30 UTC is the next day in Paris
    count(make_mailing(), datetime(2026, 11, 23, 23, 0, tzinfo=UTC), accepted=1, presumed=1, opened=1)

    assert period(7).points[-1].opened == 1


def test_points_stand_beside_the_same_day_before(make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    count(mailing, NOW, opened=3, clicked=1)
    count(mailing, NOW - timedelta(days=7), opened=5, clicked=2)

    point = period(7).points[-1]

    assert (point.opened, point.opened_before, point.clicked, point.clicked_before) == (3, 5, 1, 2)


def test_sample_and_test_sends_are_kept_apart(make_mailing: MakeMailing) -> None:
    count(make_mailing(is_sample=True), NOW, accepted=7)
    count(make_mailing(is_test=True), NOW, accepted=11)
    count(make_mailing(), NOW, accepted=13)

    assert period(is_sample=False).accepted == 13
    assert period(is_sample=True).accepted == 7
    assert period(is_sample=None).accepted == 20


def test_notes_say_denominator_threshold_and_share(make_mailing: MakeMailing) -> None:
    count(make_mailing(), NOW, accepted=1_000, presumed=1_000, open_measurable=580)

    with translation.override("fr"):
        found = period()

        assert figure(found, "bounce").note == "seuil 2\u202f%"
        assert figure(found, "complaint").note == "seuil 0,08\u202f%"
        assert figure(found, "open").note == "58\u202f% mesurables"
