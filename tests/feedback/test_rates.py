"""Each figure of docs/feedback.md, once: what is divided by what, and who could be measured."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from feedback.models import MailingStats
from feedback.rates import COUNT_FIELDS, Counts, by_name, rates_by_mailing, rates_from, rates_of
from tests.feedback.sent import SENT_AT, send

ALL = Counts(
    accepted_count=1_000,
    delivered_count=970,
    presumed_count=0,
    hard_bounce_count=20,
    soft_bounce_count=10,
    complained_count=2,
    opened_count=150,
    clicked_count=60,
    unsubscribed_count=5,
    one_click_count=3,
    unsubscribe_link_count=1,
    preference_page_count=1,
    open_measurable_count=400,
    click_measurable_count=900,
    both_opened_count=140,
    both_clicked_count=35,
    anonymous_open_count=77,
    anonymous_click_count=12,
)


@pytest.mark.parametrize(
    ("name", "numerator", "denominator", "measurable"),
    [
        ("delivery", 970, 1_000, 1_000),
        ("bounce", 30, 1_000, 1_000),
        ("hard_bounce", 20, 1_000, 1_000),
        ("open", 150, 400, 400),
        ("click", 60, 970, 900),
        ("click_to_open", 35, 140, 140),
        ("complaint", 2, 970, 970),
        ("unsubscribe", 5, 970, 970),
    ],
)
def test_the_definition_of_each_figure(name: str, numerator: int, denominator: int, measurable: int) -> None:
    rate = by_name(rates_from(ALL))[name]

    assert (rate.numerator, rate.denominator, rate.measurable) == (numerator, denominator, measurable)
    assert rate.value == numerator / denominator
    assert not rate.is_presumed


def test_every_figure_is_defined_in_both_languages() -> None:
    for rate in rates_from(ALL):
        assert "÷" in str(rate.definition)
        with translation.override("fr"):
            assert str(rate.definition) != rate.definition._args[0]  # type: ignore[attr-defined]
            assert str(rate.label) != rate.label._args[0]  # type: ignore[attr-defined]


def test_a_denominator_of_nought_has_no_value() -> None:
    assert {rate.value for rate in rates_from(Counts())} == {None}
    assert {rate.alarm for rate in rates_from(Counts())} == {0}


def test_presumed_delivery_counts_as_delivered_and_says_so() -> None:
    rates = by_name(rates_from(replace(ALL, delivered_count=0, presumed_count=970)))

    assert rates["delivery"].value == 0.97
    assert {name for name, rate in rates.items() if rate.is_presumed} == {
        "delivery", "open", "click", "complaint", "unsubscribe",
    }  # fmt: skip


@pytest.mark.parametrize(("complaints", "alarm"), [(0, 0), (7, 0), (8, 1), (19, 1), (20, 2), (29, 2), (30, 3)])
def test_complaints_pass_three_limits(complaints: int, alarm: int) -> None:
    counts = Counts(accepted_count=10_000, delivered_count=10_000, complained_count=complaints)

    assert by_name(rates_from(counts))["complaint"].alarm == alarm


@pytest.mark.django_db
class TestFromTheDatabase:
    def test_hours_contents_and_providers_are_summed_and_test_sends_left_out(self) -> None:
        mailing, other, trial = send(1).mailing, send(1).mailing, send(1, is_test=True).mailing
        for row, group in ((mailing, 0), (mailing, 1), (other, 0), (trial, 0)):
            MailingStats.objects.create(mailing=row, content_id=1, mx_group=group, hour=SENT_AT, accepted_count=5)

        rates = by_name(rates_of([mailing.pk, other.pk, trial.pk]))

        assert rates["delivery"].denominator == 15

    @pytest.mark.parametrize("mailings", [1, 3])
    def test_a_list_of_mailings_takes_one_query(self, mailings: int, django_assert_num_queries: Any) -> None:
        ids = [send(1).mailing.pk for _ in range(mailings)]
        for pk in ids:
            MailingStats.objects.create(mailing_id=pk, content_id=1, hour=SENT_AT, accepted_count=5)

        with django_assert_num_queries(1):
            found = rates_by_mailing(ids)

        assert [by_name(found[pk])["bounce"].denominator for pk in ids] == [5] * mailings

    def test_a_mailing_nothing_is_known_of_has_no_values(self) -> None:
        mailing = send(1).mailing

        assert {rate.value for rate in rates_by_mailing([mailing.pk])[mailing.pk]} == {None}


def test_counts_and_stats_name_the_same_things() -> None:
    stored = {field.name for field in MailingStats._meta.fields if field.name.endswith("_count")}

    assert stored == set(COUNT_FIELDS)
