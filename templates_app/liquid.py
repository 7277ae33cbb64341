"""Liquid, closed: no files, no includes, no environment, an allow-list of tags and filters, limits on everything.

Two dialects of one language: in HTML a value is escaped when it is written, in subjects and text parts it is not.
What an author writes as a literal (`default: "<b>friend</b>"`) is the author's own HTML and stays.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from liquid import Environment, Mode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from templates_app.filters import FILTERS
from templates_app.problems import Places, SourceErrors

TAGS = (
    content.Literal,
    output.Output,
    illegal.Illegal,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    for_tag.ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    if_tag.IfTag,
    inline_comment_tag.InlineCommentTag,
    unless_tag.UnlessTag,
)
# Names with fields of their own; every other name stands alone. `data`: what other software gives with its request.
OBJECTS = ("contact", "list", "organisation", "action", "data")
# What Envol itself gives to a message. Contact fields come on top (templates_app/variables.py).
OWN_NAMES = frozenset(
    {"list.name", "unsubscribe_url", "preferences_url", "view_in_browser_url", "tracking_choice_url"}
    | {"contact.may_ask_tracking", "organisation.name"}
    | {"organisation.address"}
)
# One piece of Liquid; `raw` and `comment` are one piece with all they hold.
PIECE = re.compile(
    r"\{%-?\s*(raw|comment)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}",
    re.DOTALL,
)


class _Closed(Environment):
    block_nesting_limit = 30
    context_depth_limit = 10
    loop_iteration_limit = 2_000
    local_namespace_limit = 200_000
    output_stream_limit = 1_000_000

    def __init__(self, *, is_html: bool, language: str) -> None:
        self.language = language
        super().__init__(autoescape=is_html, tolerance=Mode.STRICT)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in TAGS:
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


@lru_cache
def _environment(is_html: bool, language: str) -> _Closed:
    return _Closed(is_html=is_html, language=language)


_PLAIN = _environment(False, "en")


class CannotRender(Exception):
    """A text that parsed could not be rendered with these values; the message says what Liquid met."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text ready to be rendered. `names` are what it needs from outside; `local_names` what it makes itself."""

    template: BoundTemplate
    names: frozenset[str]
    local_names: frozenset[str]

    @property
    def nodes(self) -> list[Node]:
        return self.template.nodes

    def render(self, variables: Mapping[str, object]) -> str:
        """Raises CannotRender."""
        try:
            return self.template.render(variables)
        except (LiquidError, ArithmeticError, ValueError) as error:
            raise CannotRender(_words(error)) from error


@lru_cache(maxsize=256)
def parse(text: str, *, is_html: bool = False, language: str = "en") -> Parsed:
    """`language` is the one dates are written in. Raises SourceErrors with the place of what cannot be read."""
    try:
        template = _environment(is_html, language).from_string(text)
        found = template.analyze()
        for name, spans in found.filters.items():
            if name not in FILTERS:
                _refuse_filter(text, name, spans[0].index)
    except SourceErrors:
        raise
    except (LiquidError, ValueError, RecursionError) as error:
        raise SourceErrors([Places(text).problem(_offset(text, error), _explain(error))]) from error
    names = {_dotted(variable.segments) for variables in found.globals.values() for variable in variables}
    return Parsed(template, frozenset(names), frozenset(found.locals))


def render(text: str, variables: Mapping[str, object], *, is_html: bool = False, language: str = "en") -> str:
    """Raises SourceErrors for a text that cannot be read, CannotRender for values that do not fit."""
    return parse(text, is_html=is_html, language=language).render(variables)


def names_in(*texts: str) -> frozenset[str]:
    """The dotted names these texts use. Raises SourceErrors."""
    return frozenset().union(*(parse(text).names for text in texts))


def undefined_names(text: str, *, known: Iterable[str]) -> list[str]:
    """The names `text` uses that are neither Envol's own nor in `known` (dotted: "contact.city"), sorted."""
    return sorted(parse(text).names - OWN_NAMES - frozenset(known))


def _refuse_filter(text: str, name: str, offset: int) -> None:
    message = _("Liquid has no filter “%(name)s” here.") % {"name": name}
    raise SourceErrors([Places(text).problem(offset, message)])


def _dotted(segments: list[Any]) -> str:
    """contact.city.size → contact.city, list → list: what must be known."""
    root, *rest = segments
    if root in OBJECTS and rest:
        return f"{root}.{rest[0]}" if isinstance(rest[0], str) else f"{root}[…]"
    return str(root)


def _offset(text: str, error: Exception) -> int:
    """Where it happened. Liquid forgets the place of an expression that ends too soon: then each piece is tried."""
    token = getattr(error, "token", None)
    if token is not None and token.start_index >= 0 and token.source == text:
        return int(token.start_index)
    for piece in PIECE.finditer(text):
        if not _is_alone_readable(piece[0]):
            return piece.start()
    opener = re.search(r"\{%-?\s*(?:if|unless|for|case|capture|comment)\b", text)
    return opener.start() if opener else 0


def _is_alone_readable(piece: str) -> bool:
    if piece.startswith("{%") and not re.match(r"\{%-?\s*assign\b", piece):
        return True
    try:
        _PLAIN.from_string(piece)
    except (LiquidError, ValueError):
        return False
    return True


def _words(error: Exception) -> str:
    return str(error.args[0]) if error.args else type(error).__name__


def _explain(error: Exception) -> str:
    words = _words(error)
    quoted = re.search(r"'([^']+)'", words)
    name = quoted[1] if quoted else ""
    if words.startswith("unexpected tag") and not name.startswith(("end", "else", "elsif", "when")):
        return _("Liquid has no tag “%(name)s” here.") % {"name": name}
    if words.startswith("unexpected tag"):
        return _("“%(tag)s” without its beginning.") % {"tag": f"{{% {name} %}}"}
    if missing := re.match(r"expected tag (?:end)?(\w+)", words):
        return _("“%(tag)s” is never closed.") % {"tag": f"{{% {missing[1]} %}}"}
    if "end of file" in words:
        return _("“%(tag)s” is never closed.") % {"tag": "{%" if "'%}'" in words else "{{"}
    return _("Liquid cannot read this (%(words)s).") % {"words": words}
