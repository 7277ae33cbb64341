import pytest
from django.utils import translation

from common import figures


@pytest.mark.parametrize(
    ("ratio", "english", "french"),
    [
        (0.986, "98.6%", "98,6\u202f%"),
        (0.0461, "4.61%", "4,61\u202f%"),
        (0.00041, "0.041%", "0,041\u202f%"),
        (0, "0%", "0\u202f%"),
        (1, "100%", "100\u202f%"),
        (0.99999, "99.9%", "99,9\u202f%"),  # one refused of 100,000 is not "all"
        (0.000001, "<\xa00.001%", "<\xa00,001\u202f%"),  # and one complaint of a million is not "none"
        (None, "–", "–"),
    ],
)
def test_percent_keeps_three_figures_and_never_says_all_or_none_wrongly(
    ratio: float | None, english: str, french: str
) -> None:
    with translation.override("en"):
        assert figures.percent(ratio) == english
    with translation.override("fr"):
        assert figures.percent(ratio) == french


def test_number_is_grouped_in_the_active_language_and_unknown_is_a_dash() -> None:
    with translation.override("en"):
        assert (figures.number(48200), figures.number(None)) == ("48,200", "–")
    with translation.override("fr"):
        assert figures.number(-48200) == "−48\xa0200"


@pytest.mark.parametrize(("difference", "text"), [(0.003, "+0.3\xa0pt"), (-0.0021, "−0.21\xa0pt"), (0, "0\xa0pt")])
def test_points_are_signed(difference: float, text: str) -> None:
    with translation.override("en"):
        assert figures.points(difference) == text


def test_spans_fill_the_bar_and_show_a_single_person() -> None:
    spans = figures.spans([999_999, 1, 0])

    assert spans[1][1] == 2.5
    assert spans[2][1] == 0
    assert sum(width for _, width in spans) == pytest.approx(1000)
    assert spans[1][0] == pytest.approx(spans[0][1])


def test_a_curve_needs_two_values_and_leaves_gaps_out() -> None:
    assert figures.curve([0.5]) == ("", "", "")
    line, _, _ = figures.curve([0.0, None, 1.0])
    assert line == "0.0,30.0 100.0,3.0"
