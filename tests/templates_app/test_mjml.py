"""The source is read before mrml sees it: everything wrong has a line, a column and a sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates_app.mjml import scan
from templates_app.problems import Problem, SourceErrors
from templates_app.rendering import check_source, compile_source


def body(inside: str) -> str:
    return f"<mjml>\n<mj-body>\n{inside}\n</mj-body>\n</mjml>"


def column(inside: str) -> str:
    return body(f"<mj-section><mj-column>\n{inside}\n</mj-column></mj-section>")


def errors(source: str) -> list[Problem]:
    return [problem for problem in check_source(source) if problem.is_error]


def test_a_plain_letter_compiles_without_a_word() -> None:
    compiled = compile_source(column("<mj-text>Bonjour, déjà l’été 😀</mj-text>"))

    assert "Bonjour, déjà l’été 😀" in compiled.html
    assert compiled.warnings == []
    assert "fonts.googleapis" not in compiled.html


@pytest.mark.parametrize(
    ("source", "line", "column_", "words"),
    [
        (column("<mj-text>a</mj-txt>"), 4, 11, "closes nothing"),
        (column("<mj-text>a"), 4, 1, "<mj-text> is never closed"),
        (column("<mj-text><p>a</mj-text>"), 4, 10, "<p> is never closed"),
        (column("<mj-foo>a</mj-foo>"), 4, 1, "no tag <mj-foo>"),
        (column("<mj-section></mj-section>"), 4, 1, "cannot be in <mj-column>, only in <mj-body>, <mj-wrapper>"),
        (body("<mj-text>a</mj-text>"), 3, 1, "cannot be in <mj-body>"),
        (body("loose words"), 3, 1, "Text belongs in a tag"),
        (body("<p>x</p>"), 3, 1, "belongs in mj-text or mj-raw"),
        (column("<mj-text>1 < 2</mj-text>"), 4, 12, "write &lt;"),
        (column("<mj-image src=a.png alt='' />"), 4, 11, "needs quotes"),
        (column('<mj-image src="a" src="b" alt="" />'), 4, 19, "twice"),
        (column('<mj-image src="a" alt="" '), 5, 1, "no closing"),
        (column("<mj-text><script>x</script></mj-text>"), 4, 10, "<script> cannot be in a mail"),
        (column('<mj-text><p onclick="x()">a</p></mj-text>'), 4, 13, "runs a script"),
        (column('<mj-button href="java&#115;cript:alert(1)">a</mj-button>'), 4, 12, "runs a script"),
        (column("""<mj-button href="{{ 'javascript:alert(1)' }}">a</mj-button>"""), 4, 12, "runs a script"),
        (column("<mj-text><![CDATA[ x ]]></mj-text>"), 4, 10, "CDATA"),
        (body('<mj-include path="/etc/passwd" />'), 3, 1, "reads other files"),
        ("<mjml><mj-head><mj-html-attributes></mj-html-attributes></mj-head><mj-body/></mjml>", 1, 16, "not supported"),
        ("<mjml><mj-head></mj-head></mjml>", 1, 1, "<mj-body> is missing"),
        ("", 1, 1, "begins with <mjml>"),
        ("<html></html>", 1, 1, "belongs in"),
        (column("<!-- open"), 4, 1, "comment is never closed"),
    ],
)
def test_what_is_wrong_has_a_place(source: str, line: int, column_: int, words: str) -> None:
    found = [problem for problem in errors(source) if words in problem.message]

    assert [(problem.line, problem.column) for problem in found] == [(line, column_)], errors(source)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (column('<mj-text colour="red">a</mj-text>'), "no attribute “colour”"),
        (column('<mj-image src="https://i.example/a.png" />'), "no description"),
        (
            column('<mj-social><mj-social-element name="facebook" href="#">F</mj-social-element></mj-social>'),
            "no icon is shown",
        ),
        ("<mjml><mj-head><mj-font name='R' href='https://f.example/r.css'/></mj-head><mj-body/></mjml>", "font from"),
    ],
)
def test_what_deserves_a_look_stops_nothing(source: str, words: str) -> None:
    assert words in compile_source(source).warnings[0].message


def test_css_may_compare() -> None:
    css = "@media (width < 600px) { .a > b { color: red } }"
    source = f"<mjml><mj-head><mj-style>{css}</mj-style></mj-head><mj-body></mj-body></mjml>"

    assert css in compile_source(source).html


def test_icons_of_foreign_hosts_are_left_out() -> None:
    source = column('<mj-social><mj-social-element name="x" href="https://x.example">X</mj-social-element></mj-social>')

    html = compile_source(source).html

    assert "<img" not in html
    assert "https://x.example" in html


def test_five_thousand_nested_tags_are_refused_not_crashed_on() -> None:
    found = errors(column("<mj-text>" + "<div>" * 5000 + "</div>" * 5000 + "</mj-text>"))

    assert [problem.message for problem in found] == ["Nested deeper than 100 tags."]


def test_a_source_of_a_megabyte_is_refused() -> None:
    assert "larger than" in errors("x" * 1_000_000)[0].message


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (
            '<mj-text>{% if contact.age < 3 and a == "x" %}<b>y</b>{% endif %}</mj-text>',
            '{% if contact.age < 3 and a == "x" %}',
        ),
        (
            '<mj-button href="https://a.example/{{ x | default: "y" }}?b=1&amp;c=2">g</mj-button>',
            'href="https://a.example/{{ x | default: "y" }}?b=1&amp;c=2"',
        ),
        ("<mj-text>{{ x | default: '<b>' }}</mj-text>", "{{ x | default: '<b>' }}"),
        ("{% if x %}<mj-text>a</mj-text>{% endif %}", "{% if x %}<tr>"),
        (
            "<mj-table>{% for i in x %}<tr><td>{{ i }}</td></tr>{% endfor %}</mj-table>",
            "{% for i in x %}<tr><td>{{ i }}</td></tr>{% endfor %}",
        ),
        ('<mj-text color="{{ x }}">a</mj-text>', "color:{{ x }}"),
        ('<mj-text><a href="{{ unsubscribe_url }}">u</a></mj-text>', '<a href="{{ unsubscribe_url }}">u</a>'),
        ("<mj-text>{%- comment -%}<p>{% endcomment %}a</mj-text>", "{%- comment -%}<p>{% endcomment %}a"),
    ],
)
def test_liquid_survives_to_the_letter(inside: str, expected: str) -> None:
    assert expected in compile_source(column(inside)).html


def test_liquid_survives_the_inlining_of_styles() -> None:
    head = (
        "<mj-head><mj-title>{{ t }}</mj-title><mj-preview>{{ p }}</mj-preview>"
        "<mj-style inline='inline'>.a { color: red }</mj-style></mj-head>"
    )
    inside = "<mj-column><mj-text><p class='a'>{{ n }}</p></mj-text></mj-column>"
    body_ = f"<mj-body><mj-section>{{% if s %}}{inside}{{% endif %}}</mj-section></mj-body>"
    source = f"<mjml>{head}{body_}</mjml>"

    html = compile_source(source).html

    assert '<p class="a" style="color: red;">{{ n }}</p>' in html
    assert "<title>{{ t }}</title>" in html
    assert html.index("{% if s %}") < html.index("{{ n }}") < html.index("{% endif %}")


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        (column("<mj-text>{{ x | shout }}</mj-text>"), 4, "no filter “shout”"),
        (column("<mj-text>{% include 'x' %}</mj-text>"), 4, "no tag “include”"),
        (column("<mj-text>a\n{{ x </mj-text>"), 5, "never closed"),
        (column("<mj-text>{% if x %}</mj-text>"), 4, "never closed"),
        (column("<mj-text>{% if x %}</mj-text><mj-text>{% endif %}</mj-text>"), 4, "does not end in the MJML tag"),
        (column("<mj-text {{ x }}>a</mj-text>"), 4, "not between attributes"),
        ("<mjml>\n{% assign x = 1 %}<mj-body/></mjml>", 2, "would be lost"),
    ],
)
def test_liquid_that_cannot_work_has_a_place(source: str, line: int, words: str) -> None:
    assert any(words in problem.message and problem.line == line for problem in errors(source)), errors(source)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "<mjml>",
                    "</mjml>",
                    "<mj-body>",
                    "</mj-body>",
                    "<mj-section>",
                    "</mj-section>",
                    "<mj-column>",
                    "<p>",
                ),
                *("</p>", "<mj-text>", "</mj-text>", "<!--", "-->", "<", ">", '"', "{{", "}}", "{% if x %}", "<br>"),
                *("{% endif %}", "&", " a='", ' b="', "/>", "é\n", "<mj-style>", "</mj-style>", "<![CDATA[", "\0"),
                *("qlq1q", "\ue000", "<mj-raw>"),
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_any_source_either_compiles_or_has_problems(source: str) -> None:
    scan(source)
    try:
        compile_source(source)
    except SourceErrors as error:
        assert any(problem.is_error for problem in error.problems)
