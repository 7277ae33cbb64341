"""Links are found once, numbered within the mailing, and lead where they should."""

import re

import pytest

from common.tokens import Purpose, decode
from delivery.models import Link
from delivery.skeleton import compile_content, record_links
from tests.delivery.skeleton.contents import AGGREGATE, FULL, NONE, make_content, make_message

pytestmark = pytest.mark.django_db
HTML = """<body>{% assign a = 1 %}
<a href="https://a.example/?x=1&amp;y=2">le <b>lin</b></a>
<a href="https://b.example/{{ contact.city }}"><img src="i.png" alt="La boutique"></a>
<a href="{{ unsubscribe_url }}">partir</a> <a href="{{ preferences_url }}">choisir</a>
<a href="mailto:a@b.example">écrire</a> <a href="#haut">haut</a> <a name="x">ancre</a>
{% for i in (1..2) %}<a href="https://c.example/{{ i }}">{{ i }}</a>{% endfor %}
<!-- <a href="https://comment.example">non</a> -->
</body>"""


def addresses(html: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', html)


def test_links_are_rows_with_where_they_lead_and_their_words() -> None:
    content = make_content(HTML)

    assert list(content.links.order_by("number").values_list("number", "url", "label")) == [
        (1, "https://a.example/?x=1&y=2", "le lin"),
        (2, "https://b.example/{{ contact.city }}", "La boutique"),
    ]


def test_parameters_that_look_like_signs_stay_parameters() -> None:
    content = make_content('<a href="https://a.example/?a=1&copy=2&amp;reg=3&#38;d=4">x</a>')

    assert content.links.get().url == "https://a.example/?a=1&copy=2&reg=3&d=4"


def test_recording_twice_changes_nothing_and_a_second_content_counts_on() -> None:
    content = make_content(HTML)
    other = make_content(HTML).pk
    Link.objects.filter(content_id=other).delete()
    second = content.__class__.objects.get(pk=other)
    second.mailing, second.variant = content.mailing, "B"
    second.save()

    record_links(content)
    record_links(second)

    assert list(Link.objects.filter(mailing=content.mailing).order_by("number").values_list("number", flat=True)) == [
        *range(1, 5)
    ]


def test_full_tracking_gives_each_person_a_link_of_their_own() -> None:
    content = make_content(HTML)
    html = compile_content(content).fill_parts(make_message(content, tracking=FULL)).html

    tracked = [decode(url.rpartition("/c/")[2], purpose=Purpose.CLICK) for url in addresses(html) if "/c/" in url]
    assert [(one.mailing, one.message, one.link) for one in tracked] == [
        (content.mailing_id, 70_000_001, 1),
        (content.mailing_id, 70_000_001, 2),
    ]
    assert "https://c.example/1" in html
    assert decode(html.partition("/u/")[2].partition('"')[0], purpose=Purpose.UNSUBSCRIBE).message == 70_000_001


def test_aggregate_tracking_gives_everybody_the_same_link_and_leaves_personal_ones_alone() -> None:
    content = make_content(HTML)
    skeleton = compile_content(content)
    first = skeleton.fill_parts(make_message(content, tracking=AGGREGATE)).html
    second = skeleton.fill_parts(make_message(content, pk=70_000_002, tracking=AGGREGATE)).html

    assert addresses(first)[0] == addresses(second)[0]
    assert decode(addresses(first)[0].rpartition("/c/")[2], purpose=Purpose.CLICK).message == 0
    assert addresses(first)[1] == "https://b.example/Lyon"


def test_no_tracking_leaves_the_authors_links() -> None:
    content = make_content(HTML)

    html = compile_content(content).fill_parts(make_message(content, tracking=NONE)).html

    assert addresses(html)[:2] == ["https://a.example/?x=1&amp;y=2", "https://b.example/Lyon"]
    assert "/c/" not in html and "/o/" not in html
