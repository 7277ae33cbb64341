"""Reading the attributes of one tag, and judging them."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from templates_app.mjml.masking import FILL, Masked
from templates_app.mjml.spec import EVERYWHERE, TAGS

_END = re.compile(r"\s*(/?)>")
_ATTRIBUTE = re.compile(rf"(\s*)([^\s\"'<>/={FILL}]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]*))?")
_HANDLER = re.compile(r"on[a-z]+$", re.IGNORECASE)
_SCRIPT_URL = re.compile(r"(javascript|vbscript|data:text/html)", re.IGNORECASE)
_URL_NAMES = frozenset({"href", "src", "action", "formaction", "background", "background-url", "xlink:href", "poster"})
_NOISE = re.compile(r"[\x00-\x20]+")


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    start: int
    end: int
    value: tuple[int, int] | None  # without the quotes; None for a bare name


@dataclass(frozen=True, slots=True)
class Fault:
    offset: int
    message: str
    is_error: bool = True


@dataclass(frozen=True, slots=True)
class Attributes:
    found: list[Attribute]
    faults: list[Fault]
    end: int  # after the >
    is_closed: bool  # />


def read_attributes(masked: Masked, position: int) -> Attributes:
    """Read from after the tag's name to after its >, and never stop in the middle."""
    text, found, faults = masked.text, list[Attribute](), list[Fault]()
    while True:
        if end := _END.match(text, position):
            return Attributes(found, faults, end.end(), bool(end[1]))
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            if start >= len(text) or text[start] == "<":
                faults.append(Fault(min(start, len(text) - 1), _("This tag has no closing “>”.")))
                return Attributes(found, faults, start, is_closed=False)
            faults.append(Fault(start, _stray(text[start])))
            position = _skip(text, start)
            continue
        faults += _shape_faults(match, found)
        value = _value_span(match)
        found.append(Attribute(match[2], match.start(2), match.end(), value))
        position = match.end()


def judge(tag: str, parent: str, attributes: list[Attribute], masked: Masked) -> Iterator[Fault]:
    """Handlers and script addresses anywhere; unknown attributes on MJML tags as warnings."""
    for attribute in attributes:
        if _HANDLER.match(attribute.name):
            yield Fault(attribute.start, _("“%(name)s” runs a script; a mail has none.") % {"name": attribute.name})
        elif attribute.name.lower() in _URL_NAMES and _is_script(attribute, masked):
            yield Fault(attribute.start, _("This address runs a script; a mail has none."))
        elif tag in TAGS and not _is_known(tag, parent, attribute.name):
            message = _("<%(tag)s> has no attribute “%(name)s”; it is ignored.")
            yield Fault(attribute.start, message % {"tag": tag, "name": attribute.name}, is_error=False)


def _is_known(tag: str, parent: str, name: str) -> bool:
    if tag in ("mj-all", "mj-class") or name.startswith("data-"):
        return True
    in_head = parent in ("mj-head", "mjml", "")
    return name in TAGS[tag].attributes or (not in_head and name in EVERYWHERE)


def _is_script(attribute: Attribute, masked: Masked) -> bool:
    if attribute.value is None:
        return False
    start, end = attribute.value
    value = _NOISE.sub("", html.unescape(masked.source[start:end]))
    if FILL in masked.text[start:end]:  # Liquid could write one, whole or in parts
        return bool(_SCRIPT_URL.search(value))
    return bool(_SCRIPT_URL.match(value))


def _shape_faults(match: "re.Match[str]", found: list[Attribute]) -> Iterator[Fault]:
    start, name = match.start(2), match[2]
    if not match[1]:
        yield Fault(start, _("A space is missing before “%(name)s”.") % {"name": name})
    if match[3] is not None and match[3][:1] not in ('"', "'"):
        yield Fault(start, _("The value of “%(name)s” needs quotes.") % {"name": name})
    if any(attribute.name == name for attribute in found):
        yield Fault(start, _("“%(name)s” stands here twice.") % {"name": name})


def _value_span(match: "re.Match[str]") -> tuple[int, int] | None:
    if match[3] is None:
        return None
    quoted = match[3][:1] in ('"', "'")
    return (match.start(3) + quoted, match.end(3) - quoted)


def _stray(character: str) -> str:
    if character == FILL:
        return _("Liquid may stand in the value of an attribute, not between attributes.")
    if character in "\"'":
        return _("A quotation mark is missing in this tag.")
    return _("“%(character)s” cannot stand here.") % {"character": character}


def _skip(text: str, start: int) -> int:
    if text[start] == FILL:
        return start + len(text[start:]) - len(text[start:].lstrip(FILL))
    return start + 1
