"""The skeleton and the plain way give the same bytes, and an independent parser reads back what was meant."""

import email
import email.policy
import re
from email.header import decode_header, make_header

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.skeleton import CannotFill, compile_content
from delivery.skeleton.slow import render_slowly
from templates_app.liquid import CannotRender
from templates_app.problems import SourceErrors
from templates_app.rendering import compile_source
from tests.delivery.skeleton.contents import AT, make_content, make_message

pytestmark = pytest.mark.django_db

# Everything but lone surrogates and NUL, which the database does not keep.
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=120)
SHOWN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)
HARD = [
    "é",
    "日本語のメール",
    "שלום עולם",
    "👩‍👩‍👧‍👦",
    "a=b=c",
    "x " * 60,
    "=3D",
    ".",
    "\t",
    " ",
    "-" * 90,
    "…" * 70,
    "<&>\"'",
]
VALUE = st.one_of(st.sampled_from(HARD), SHOWN, st.none(), st.integers(), st.booleans(), st.lists(SHOWN, max_size=2))
PLAIN = st.one_of(st.sampled_from(HARD), SHOWN).map(lambda text: re.sub(r"[{}%<>]", "", text))
LIQUID = st.sampled_from(
    [
        "{{ contact.first_name }}",
        "{{ contact.first_name | default: 'ami' }}",
        '{{ contact.city | upcase | default: "L & M" }}',
        "{{ contact.first_name | truncate: 7, '…' | capitalize }}",
        "{{ contact.city | append: ' !' | prepend: '« ' }}",
        "{{ contact.missing }}{{ contact.missing | default: '=' }}",
        "{{ contact.email }}",
        "{{ contact.first_name | size }}{{ contact.tags | join: ', ' }}",
        "{{ list.name }}",
        "{{ organisation.name }} {{ organisation.address }}",
        "{% if contact.city == 'Lyon' %}Lyon é{% else %}ailleurs{% endif %}",
        "{% for i in (1..3) %}{{ i }} {{ contact.first_name }} {% endfor %}",
        "{% assign x = contact.first_name | upcase %}",
        "{{ x }}{{ x | default: 'rien' }}",
        "{% comment %}<p>{{ no }}</p>{% endcomment %}",
        "{{ unsubscribe_url }}",
        "{% if contact.first_name %}{{ preferences_url }}{% endif %}",
        "{{ 'é' | upcase }}",
    ]
)
LINK = st.sampled_from(
    [
        '<a href="https://a.example/?x=1&amp;y=2">lien</a>',
        "<a class='b' href='https://a.example/é'>lien {{ contact.first_name }}</a>",
        '<a href="{{ contact.site }}">site</a>',
        '<a href="https://a.example/{{ contact.city | url_encode }}"><img src="a.png" alt="image"></a>',
        '<a href="{{ unsubscribe_url }}">partir</a>',
        '<a href="{{ view_in_browser_url }}" title="{{ contact.city }}">voir</a>',
        '{% if contact.city == "Lyon" %}<a href="https://lyon.example">Lyon</a>{% endif %}',
        '{% for i in (1..2) %}<a href="https://a.example/{{ i }}">{{ i }}</a>{% endfor %}',
        '<a href="mailto:a@b.example">écrire</a><a href="#haut">haut</a>',
        '<!--[if mso]><v:roundrect href="https://outlook.example"></v:roundrect><![endif]-->',
    ]
)
TAG = st.sampled_from(
    ["<p>", "</p>", "<br>", "\n", "<td\n>", "</td>", "<p title='>'>", "<b/>", "<body>", "</body>", "\r\n"]
)
HTML = st.lists(st.one_of(PLAIN, LIQUID, LINK, TAG), max_size=12).map("".join)
LINE = st.lists(st.one_of(PLAIN, LIQUID), max_size=4).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    html=HTML,
    subject=LINE,
    preheader=LINE,
    text=st.one_of(st.just(""), LINE),
    values=st.fixed_dictionaries({"first_name": VALUE, "city": st.one_of(st.just("Lyon"), VALUE), "tags": VALUE}),
    tracking=st.integers(0, 15),
    message=st.integers(0, 2**40),
    sender=st.sampled_from(["", "Maison Verdier", "Verdier, Lyon", "Élise & fils 🧵" * 4, 'Le "Lin"', "=?utf-8?q?x?="]),
)
def test_skeleton_and_slow_path_are_equal_to_the_byte(
    html, subject, preheader, text, values, tracking, message, sender
):
    content = make_content(html, subject=subject, preheader=preheader, text=text, sender_name=sender)
    row = make_message(content, pk=message, contact=values, tracking=tracking)

    assert outcome(lambda: compile_content(content).fill(row, at=AT).source) == outcome(
        lambda: render_slowly(content, row, at=AT)
    )


def outcome(make):
    try:
        return make()
    except (CannotFill, CannotRender, SourceErrors):
        return "cannot be made"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=ANY, subject=SHOWN, sender=SHOWN)
def test_an_independent_parser_reads_back_what_was_meant(words, subject, sender):
    content = make_content(
        "<body><p>{{ contact.first_name }}</p></body>",
        subject="{{ contact.city }}!",
        text="{{ contact.first_name }}",
        sender_name=sender[:100],
    )
    filled = compile_content(content).fill(
        make_message(content, contact={"first_name": words, "city": subject}, tracking=0), at=AT
    )
    source = filled.source

    assert source.replace(b"\r\n", b"").count(b"\n") == source.replace(b"\r\n", b"").count(b"\r") == 0
    assert max(map(len, source.split(b"\r\n"))) <= 998
    mail = email.message_from_bytes(source, policy=email.policy.default)
    plain, html = mail.iter_parts()
    wanted = words.replace("\r\n", "\n").replace("\r", "\n")
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text_of(plain) == wanted + "\n"
    assert "<p" in text_of(html)
    assert mail.defects == plain.defects == html.defects == []
    raw = email.message_from_bytes(source)
    assert str(make_header(decode_header(raw["Subject"]))) == " ".join(f"{subject}!".split(" ")).strip(" ") or (
        "  " in subject or subject.startswith(" ")
    )


def text_of(part):
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


def test_a_compiled_mjml_message_is_equal_in_every_kind_of_tracking():
    source = """<mjml><mj-head><mj-preview>Draps {{ contact.city }}</mj-preview></mj-head><mj-body><mj-section>
    <mj-column><mj-text>Bonjour {{ contact.first_name | default: "à vous" }}</mj-text>
    {% if contact.city == "Lyon" %}<mj-button href="https://a.example/lyon">Lyon</mj-button>{% endif %}
    <mj-table>{% for i in (1..3) %}<tr><td>{{ i }}</td></tr>{% endfor %}</mj-table>
    <mj-text><a href="{{ unsubscribe_url }}">Se désabonner</a></mj-text></mj-column></mj-section></mj-body></mjml>"""
    content = make_content(compile_source(source).html, preheader="Bonjour & {{ contact.first_name }}")
    skeleton = compile_content(content)

    for tracking in range(16):
        row = make_message(content, tracking=tracking)
        assert skeleton.fill(row, at=AT).source == render_slowly(content, row, at=AT), tracking
