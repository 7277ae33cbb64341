"""The text part reads like a letter somebody wrote."""

from templates_app.liquid import render
from templates_app.rendering import compile_source
from templates_app.text_part import text_from_html


def test_paragraphs_headings_lists_and_links() -> None:
    html = """<html><head><title>no</title><style>p{}</style></head><body><h1>Lin lavé</h1>
    <p>Bonjour <b>Camille</b>,<br>voici <a href="https://a.example/?x=1&amp;y=2">le lin</a>.</p>
    <ul><li>draps</li><li>parures<ol><li>une</li><li>deux</li></ol></li></ul>
    <table><tr><td>Drap</td><td>49 €</td></tr><tr><td>Taie</td><td>19 €</td></tr></table></body></html>"""

    assert text_from_html(html) == (
        "Lin lavé\n\nBonjour Camille,\nvoici le lin (https://a.example/?x=1&y=2).\n\n"
        "- draps\n- parures\n  1. une\n  2. deux\n\nDrap 49 €\nTaie 19 €\n"
    )


def test_hidden_text_and_the_preheader_are_left_out() -> None:
    html = '<body><div style="display:none;max-height:0">preheader <a href="https://x.example">y</a></div>seen</body>'

    assert text_from_html(html) == "seen\n"


def test_addresses_are_not_said_twice() -> None:
    html = (
        '<body><a href="https://a.example">https://a.example</a> <a href="mailto:a@b.example">a@b.example</a> '
        '<a href="#">x</a></body>'
    )

    assert text_from_html(html) == "https://a.example a@b.example x\n"


def test_images_that_lead_somewhere_are_named_by_their_description() -> None:
    html = '<body><p><a href="https://a.example"><img src="a.png" alt="La boutique"></a></p></body>'

    assert text_from_html(html) == "La boutique (https://a.example)\n"


def test_liquid_keeps_its_place_and_leaves_no_holes() -> None:
    text = text_from_html("<p>A</p>{% if x < 3 %}<p>B {{ y | default: '<b>' }}</p>{% endif %}<p>C</p>")

    assert render(text, {"x": 1, "y": "é"}) == "A\n\nB é\n\nC\n"
    assert render(text, {"x": 9}) == "A\n\nC\n"


def test_a_stray_end_of_body_loses_nothing() -> None:
    html = "</body>{% if x %}<p>B</p>{% endif %}</body>"

    assert render(text_from_html(html), {"x": 1}) == "B\n"


def test_layout_tables_of_mjml_become_paragraphs() -> None:
    source = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>Un</mj-text><mj-button href='https://a.example'>Deux</mj-button>"
        "</mj-column></mj-section></mj-body></mjml>"
    )

    assert text_from_html(compile_source(source).html) == "Un\n\nDeux (https://a.example)\n"


def test_html_nested_without_end_is_read() -> None:
    assert text_from_html("<div>" * 20_000 + "x" + "</div>" * 20_000) == "x\n"
