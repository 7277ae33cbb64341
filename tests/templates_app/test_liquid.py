"""The closed language: what it writes, what it refuses, where it stops."""

import pytest

from templates_app.liquid import CannotRender, parse, render, undefined_names
from templates_app.problems import SourceErrors


def test_values_are_escaped_in_html_and_nowhere_else() -> None:
    values = {"contact": {"first_name": "<b>Zoé & Léa"}}

    assert render("{{ contact.first_name }}", values, is_html=True) == "&lt;b&gt;Zoé &amp; Léa"
    assert render("{{ contact.first_name }}", values) == "<b>Zoé & Léa"


def test_what_the_author_wrote_as_a_fallback_stays_html() -> None:
    assert render('{{ x | default: "<b>friend</b>" }}', {}, is_html=True) == "<b>friend</b>"


def test_an_unknown_name_is_empty_when_rendered_and_named_by_the_check() -> None:
    text = "{{ contact.town }}{% for i in contact.kids %}{{ i.name }}{{ forloop.index }}{% endfor %}{{ foo.bar }}"

    assert render(text, {}) == ""
    assert undefined_names(text, known={"contact.kids"}) == ["contact.town", "foo"]


def test_own_names_are_always_known() -> None:
    assert undefined_names("{{ unsubscribe_url }}{{ organisation.address }}{{ list.name }}", known=()) == []


@pytest.mark.parametrize("text", ["{% include 'a' %}", "{% render 'a' %}", "{{ 'a' | safe }}", "{{ x | escapejs }}"])
def test_what_is_not_on_the_list_is_refused_when_parsed(text: str) -> None:
    with pytest.raises(SourceErrors):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{{ 'a' " + "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaa' " * 8 + "}}",
        "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}",
        "{{ 1 | divided_by: 0 }}",
    ],
)
def test_what_would_never_end_or_cannot_be_done_stops(text: str) -> None:
    with pytest.raises(CannotRender):
        render(text, {})


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a\n {{ x | nope }}", 2, 9),
        ("{{ }}", 1, 1),
        ("a\nb {% assign x %}", 2, 3),
        ("{% if x %}", 1, 1),
        ("{{ x", 1, 1),
    ],
)
def test_errors_have_a_place(text: str, line: int, column: int) -> None:
    with pytest.raises(SourceErrors) as caught:
        parse(text)

    assert [(one.line, one.column) for one in caught.value.problems] == [(line, column)]


@pytest.mark.parametrize(
    ("language", "seen"),
    [("fr", "lundi 2 février 2026, lun, fév"), ("en", "Monday 2 February 2026, Mon, Feb")],
)
def test_dates_are_in_the_language_of_the_text(language: str, seen: str) -> None:
    text = "{{ d | date: '%A %-d %B %Y' }}, {{ d | date: '%a' }}, {{ d | date: '%b' }}"

    assert render(text, {"d": "2026-02-02"}, language=language) == seen


def test_what_is_no_date_stays_as_it_is() -> None:
    assert render("{{ d | date: '%B' }}{{ none | date: '%B' }}{{ d | date: form }}", {"d": "soon"}) == "soonsoon"


def test_a_form_that_is_html_stays_html() -> None:
    text = "{{ d | date: '<b>%B</b>' }}"

    assert render(text, {"d": "2026-02-02"}, is_html=True, language="fr") == "<b>février</b>"
