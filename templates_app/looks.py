"""A template looked at while it is written: as one person reads it, light and dark, and what deserves attention."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from templates_app import liquid
from templates_app.mjml.masking import mask
from templates_app.problems import Places, Problem, SourceErrors
from templates_app.rendering import compile_source, render, undefined_names

CLIP = 102_000  # bytes of HTML from which Gmail hides the rest
_LINK = re.compile(r'\shref="(https?://[^"]*)"')
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_BARE = re.compile(r"\{\{-?\s*(contact\.(?!email\b)[\w-]+)\s*((?:\|(?!\s*default\b)[^|}]*)*)-?\}\}")
# What mailboxes do to a message that has no dark colours of its own.
_INVERTED = (
    "<style>html{filter:invert(1) hue-rotate(180deg);background:#fff}"
    "img,video{filter:invert(1) hue-rotate(180deg)}</style>"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `state` is ok, warn or bad."""

    state: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the editor shows beside a source. `size` is bytes of HTML, 0 while the source has errors."""

    problems: list[Problem]
    checks: list[Check]
    size: int

    @property
    def is_good(self) -> bool:
        """Whether it may be saved."""
        return not any(problem.is_error for problem in self.problems)

    @property
    def kilobytes(self) -> int:
        return -(-self.size // 1000)

    @property
    def to_see(self) -> int:
        return len(self.problems) + sum(check.state != "ok" for check in self.checks)

    @property
    def is_clipped(self) -> bool:
        return self.size > CLIP


def report_on(source: str, *, known: frozenset[str], variables: Mapping[str, Any]) -> Report:
    """Everything there is to say about `source`; `variables` are those of the person it is read as."""
    try:
        compiled = compile_source(source)
        html = render(compiled.html, variables, language="fr")
    except SourceErrors as error:
        return Report(error.problems, [], 0)
    except liquid.CannotRender as error:
        return Report([Problem(1, 1, str(error))], [], 0)
    problems = sorted([*compiled.warnings, *_unknown(source, known)], key=lambda one: (one.line, one.column))
    size = len(html.encode()) + _growth(html)
    return Report(problems, list(_checks(source, compiled.html, compiled.names)), size)


def shown(html: str, *, theme: str = "light") -> str:
    """HTML for its own sandboxed frame: links open elsewhere, and its colours are those of a `theme` mailbox."""
    if theme == "dark":
        html = _DARK.sub("min-width:0", html) if _DARK.search(html) else _in_head(html, _INVERTED)
    else:
        html = _DARK.sub("max-width:0", html)
    return _in_head(html, '<base target="_blank">')


def _growth(html: str) -> int:
    """Bytes that tracked links will add: about forty for the token, and our own address."""
    tracked = len(settings.TRACKING_URL) + 43
    return sum(max(0, tracked - len(match[1])) for match in _LINK.finditer(html))


def _in_head(html: str, words: str) -> str:
    head = _HEAD.search(html)
    position = head.end() if head else 0
    return html[:position] + words + html[position:]


def _unknown(source: str, known: frozenset[str]) -> Iterator[Problem]:
    """Undefined names, each at the first piece that uses it. They may be saved, but not sent.

    What other software gives ({{ data.… }}) is known with each request only.
    """
    missing = {name for name in undefined_names(source, known=known) if not name.startswith("data.")}
    masked, places = mask(source), Places(source)
    for begin, stop in masked.spans:
        for name in sorted(missing):
            if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w-])", source[begin:stop]):
                missing.discard(name)
                yield places.problem(begin, _("“%(name)s” is not defined anywhere.") % {"name": name}, is_error=False)
    for name in sorted(missing):
        yield Problem(1, 1, _("“%(name)s” is not defined anywhere.") % {"name": name}, is_error=False)


def _checks(source: str, html: str, names: frozenset[str]) -> Iterator[Check]:
    if "unsubscribe_url" in names:
        yield Check("ok", _("Unsubscribe link"), _("in the message, and one-click in its header"))
    else:
        yield Check("bad", _("No unsubscribe link"), _("Add {{ unsubscribe_url }}: no campaign leaves without it."))
    if "organisation.address" in names:
        yield Check("ok", _("Postal address"))
    else:
        yield Check("bad", _("No postal address"), _("Add {{ organisation.address }}: the law asks for it."))
    bare = sorted({match[1] for match in _BARE.finditer(source)})
    if bare:
        text = _("Empty for whoever has none: %(names)s. Write for instance %(example)s")
        example = f"{{{{ {bare[0]} | default: '…' }}}}"
        yield Check("warn", _("A field without a fallback"), text % {"names": ", ".join(bare), "example": example})
    else:
        yield Check("ok", _("Every field has a fallback"))
    if _DARK.search(html):
        yield Check("ok", _("Colours of its own in dark theme"))
    else:
        yield Check("warn", _("No dark theme of its own"), _("Mailboxes in dark theme choose the colours themselves."))
