"""What the editor says about a source, and how a message is shown."""

import pytest

from templates_app.looks import CLIP, report_on, shown

KNOWN = frozenset({"contact.first_name", "contact.city"})


def source(words: str) -> str:
    return (
        f"<mjml><mj-body><mj-section><mj-column>\n<mj-text>{words}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )


def states(words: str) -> dict[str, str]:
    report = report_on(source(words), known=KNOWN, variables={})
    return {check.title: check.state for check in report.checks}


def test_what_no_campaign_leaves_without_is_asked_for() -> None:
    assert states("x")["No unsubscribe link"] == "bad"
    assert states("x")["No postal address"] == "bad"
    good = states("{{ unsubscribe_url }} {{ organisation.address }}")
    assert (good["Unsubscribe link"], good["Postal address"]) == ("ok", "ok")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("{{ contact.city }}", "A field without a fallback"),
        ("{{ contact.city | upcase }}", "A field without a fallback"),
        ("{{ contact.city | default: 'x' }}", "Every field has a fallback"),
        ("{{ contact.city | upcase | default: 'x' }}", "Every field has a fallback"),
        ("{{ contact.email }}", "Every field has a fallback"),
    ],
)
def test_fields_should_have_a_fallback(words: str, title: str) -> None:
    assert title in states(words)


def test_an_undefined_name_is_pointed_at_and_may_be_saved() -> None:
    report = report_on(source("{{ contact.city }} {{ contact.citi }}"), known=KNOWN, variables={})

    assert [(one.line, one.column, one.is_error) for one in report.problems] == [(2, 29, False)]
    assert report.is_good


def test_a_large_message_is_said_to_be_clipped() -> None:
    report = report_on(source("x" * CLIP), known=KNOWN, variables={})

    assert report.is_clipped
    assert report.kilobytes > 102


def test_links_count_as_long_as_they_will_be() -> None:
    plain = report_on(source("<a>x</a>"), known=KNOWN, variables={}).size
    linked = report_on(source('<a href="https://a.example">x</a>'), known=KNOWN, variables={}).size

    assert linked - plain > 60


def test_a_message_without_dark_colours_is_inverted_in_the_dark() -> None:
    assert "invert(1)" in shown("<html><head></head><body>x</body></html>", theme="dark")
    assert "invert" not in shown("<html><head></head><body>x</body></html>")


def test_links_of_a_shown_message_open_elsewhere() -> None:
    assert shown("<p>no head</p>").startswith('<base target="_blank">')
