"""The Liquid texts of a content for one kind of tracking: links and pixel in place, the preheader hidden on top.

Both ways of making a message, the skeleton and the slow one, start here.
"""

import html as html_module
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contacts.tracking import Mode
from delivery.copies import OneCopy
from delivery.models import Content, Mailing
from delivery.skeleton.doors import Doors
from delivery.skeleton.links import TAG, FoundLink, find_links, replace_links
from templates_app.mjml.masking import FILL, Masked, mask
from templates_app.text_part import text_from_html

_BODY = re.compile(r"<body\b(?:\"[^\"]*\"|'[^']*'|[^\"'>])*>", re.IGNORECASE)
_END_OF_BODY = re.compile(r"</body\s*>", re.IGNORECASE)
_OWN_PREHEADER = re.compile(r"\s*<div style=\"display:\s*none;[^\"]*\"\s*>[^<]*</div\s*>")
_HIDDEN = (
    "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all;"
    "color:transparent"
)
_FILLING = "&nbsp;&zwnj;" * 40  # keeps the first words of the body out of the inbox line
_ATTRIBUTE = re.compile(r"\s[^\s\"'=<>]+\s*=\s*(?:\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True, slots=True)
class Texts:
    """Liquid, with names of doors in it."""

    subject: str
    html: str
    text: str


def texts_of(content: Content, doors: Doors) -> Texts:
    """What the skeleton cuts into slots and the slow way renders whole."""
    html = _lines(content.html).replace('lang="und"', f'lang="{content.language}"')
    links = find_links(html)
    linked = _isolated(replace_links(html, links, lambda index, link: _href(html, doors, index, link)))
    text = _lines(content.text) or text_from_html(linked)
    shown = with_preheader(linked, _lines(content.preheader))
    return Texts(
        subject=content.subject,
        html=_ended(_with_pixel(shown, doors)),
        text=_ended(text),
    )


def variables_of(message: OneCopy, mailing: Mailing) -> dict[str, Any]:
    """The Liquid variables of one message, without its doors."""
    return values_of(message, organisation_of(mailing))


def values_of(message: OneCopy, organisation: Mapping[str, Any]) -> dict[str, Any]:
    """The same for many messages of one organisation."""
    values = message.vars or {}
    return {
        "contact": {**(values.get("contact") or {}), "email": message.address},
        "list": values.get("list") or {},
        "organisation": organisation,
        "action": values.get("action") or {},
        "data": values.get("data") or {},
    }


def organisation_of(mailing: Mailing) -> Mapping[str, Any]:
    return {"name": mailing.organisation.get("name", ""), "address": mailing.organisation.get("address", "")}


def _href(html: str, doors: Doors, index: int, link: FoundLink) -> str:
    mode = doors.tracking.clicks
    if mode == Mode.FULL:
        return f' href="{{{{ {doors.link(index).name} }}}}"'
    if mode == Mode.AGGREGATE and not link.is_personal:
        return f' href="{html_module.escape(doors.link(index).url(doors.mailing.pk, 0))}"'
    return html[link.start : link.end]


def _with_pixel(html: str, doors: Doors) -> str:
    mode = doors.tracking.opens
    if mode == Mode.NONE:
        return html
    url = html_module.escape(doors.pixel().url(doors.mailing.pk, 0))
    if mode == Mode.FULL:
        url = f"{{{{ {doors.pixel().name} }}}}"
    pixel = f'<img\nsrc="{url}"\nwidth="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'
    ends = list(_END_OF_BODY.finditer(html))
    position = ends[-1].start() if ends else len(html)
    return html[:position] + pixel + html[position:]


def with_preheader(html: str, preheader: str) -> str:
    """Hidden words on top of the body, in place of those the template itself has there (mj-preview)."""
    if not preheader.strip():
        return html
    body = _BODY.search(mask(html).text)
    start = body.end() if body else 0
    own = _OWN_PREHEADER.match(mask(html).text, start)
    end = own.end() if own else start
    words = _escaped_between(mask(" ".join(preheader.split())))
    return f'{html[:start]}<div style="{_HIDDEN}"\n>{words}{_FILLING}</div\n>{html[end:]}'


def _escaped_between(masked: Masked) -> str:
    """Plain words made HTML, the Liquid between them untouched."""
    out, position = list[str](), 0
    for begin, stop in masked.spans:
        out += (html_module.escape(masked.source[position:begin]), masked.source[begin:stop])
        position = stop
    return "".join(out) + html_module.escape(masked.source[position:])


def _isolated(html: str) -> str:
    """Line ends inside the tags around each slot, where they mean nothing: a short line is quickly encoded anew."""
    masked = mask(html)
    cuts = set[int]()
    tags = [match for match in TAG.finditer(masked.text) if match[1]]
    before: re.Match[str] | None = None
    for tag in tags:
        if FILL in tag[0]:
            cuts.update(_attribute_cuts(tag))
        start = before.end() if before else 0
        if FILL in masked.text[start : tag.start()]:
            cuts.add(tag.end(1))
            if before:
                cuts.add(before.end() - (2 if before[0].endswith("/>") else 1))
        before = tag
    out, position = list[str](), 0
    for cut in sorted(cuts):
        out += (html[position:cut], "\n")
        position = cut
    return "".join(out) + html[position:]


def _attribute_cuts(tag: "re.Match[str]") -> list[int]:
    """Before and after each attribute that holds a slot."""
    found = _ATTRIBUTE.finditer(tag.string, tag.start(2), tag.end(2))
    return [cut for match in found if FILL in match[0] for cut in match.span()]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ended(text: str) -> str:
    return text.rstrip("\n") + "\n"
