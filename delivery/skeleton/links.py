"""The links of a content: found once, numbered, and put back as what a person's message needs."""

import html as html_module
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from selectolax.lexbor import LexborHTMLParser

from delivery.models import Content, Link
from templates_app.liquid import OBJECTS, parse
from templates_app.mjml.masking import FILL, Masked, mask
from templates_app.problems import SourceErrors

# Comments for Outlook are read like the rest, others are passed over; a quoted value may hold a >.
TAG = re.compile(r"<!--(?!\[if|<!)[\s\S]*?-->|<(/?[a-zA-Z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^\"'>])*)>")
_LINKING = frozenset({"a", "area", "v:roundrect", "v:rect", "v:shape"})
_HREF = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
_MARK = "#envol-link-"
_LABEL_LENGTH = 300


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A tracked link: its whole ` href="…"` stands at start:end of the HTML. `url` may hold Liquid."""

    start: int
    end: int
    url: str

    @property
    def is_personal(self) -> bool:
        """Whether it leads each person elsewhere, so that one address for all cannot stand for it."""
        return "{{" in self.url or "{%" in self.url


def find_links(html: str) -> list[FoundLink]:
    """The links to follow, in their order: no unsubscribe, preference or view link, no mailto:, no #…"""
    masked = mask(html)
    return [link for match in _hrefs(masked) if (link := _tracked(match, masked)) is not None]


def replace_links(html: str, links: list[FoundLink], written: Callable[[int, FoundLink], str]) -> str:
    """`html` with each link's ` href="…"` replaced by what `written(index, link)` gives."""
    out, position = list[str](), 0
    for index, link in enumerate(links):
        out += (html[position : link.start], written(index, link))
        position = link.end
    return "".join(out) + html[position:]


def record_links(content: Content) -> list[Link]:
    """The content's links as rows, numbered within its mailing; called once, before the mailing is frozen.

    Safe to repeat: rows that are there are given back. The caller's transaction must hold the mailing.
    """
    with transaction.atomic():
        if rows := list(content.links.order_by("number")):
            return rows
        found = find_links(content.html)
        labels = _labels(content.html, found)
        first = (Link.objects.filter(mailing_id=content.mailing_id).aggregate(last=Max("number"))["last"] or 0) + 1
        return Link.objects.bulk_create(
            Link(mailing_id=content.mailing_id, content=content, number=first + index, url=link.url, label=label)
            for index, (link, label) in enumerate(zip(found, labels, strict=True))
        )


def _hrefs(masked: Masked) -> Iterator["re.Match[str]"]:
    for tag in TAG.finditer(masked.text):
        if tag[1] and tag[1].lower() in _LINKING and (match := _HREF.search(masked.text, tag.start(2), tag.end(2))):
            yield match


def _tracked(match: "re.Match[str]", masked: Masked) -> FoundLink | None:
    group = next(number for number in (1, 2, 3) if match[number] is not None)
    start, end = match.span(group)
    covered = masked.text[start:end].strip()
    if not covered.lower().startswith(("http://", "https://", FILL)):
        return None
    url = _unescaped(masked, start, end)
    if FILL in covered and not _is_known_again(url, masked.source):
        return None
    return FoundLink(match.start(), match.end(), url)


def _unescaped(masked: Masked, start: int, end: int) -> str:
    out, position = list[str](), start
    for number in masked.between(start, end):
        begin, stop = masked.spans[number]
        out += (_characters(masked.source[position:begin]), masked.source[begin:stop])
        position = stop
    return ("".join(out) + _characters(masked.source[position:end])).strip()


def _characters(text: str) -> str:
    """References become characters; in an address `&copy=1` is a parameter, not a sign (HTML, 13.2.5.73)."""
    return _REFERENCE.sub(lambda match: html_module.unescape(match[0]), text)


def _is_known_again(url: str, html: str) -> bool:
    """Whether a click can make the address anew: it needs the person's values only, nothing a loop or assign made."""
    try:
        names, made_here = parse(url).names, parse(html, is_html=True).local_names
    except SourceErrors:
        return False
    roots = {name.partition(".")[0] for name in names}
    return roots <= set(OBJECTS) and not roots & made_here


def _labels(html: str, links: list[FoundLink]) -> list[str]:
    """The words of each link, else the description of its image, as a parser sees them."""
    marked = replace_links(html, links, lambda index, _link: f' href="{_MARK}{index}"')
    labels = [""] * len(links)
    for node in LexborHTMLParser(marked).css(f'[href^="{_MARK}"]'):
        words = " ".join((node.text(deep=True, separator=" ") or "").split())
        image = node.css_first("img[alt]")
        words = words or (image.attributes.get("alt") or "" if image is not None else "")
        labels[int((node.attributes["href"] or "").removeprefix(_MARK))] = words[:_LABEL_LENGTH]
    return labels
