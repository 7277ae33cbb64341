"""A Liquid text cut into what is the same for everybody and what is not.

Most slots are a name with a fallback: they are looked up directly. Everything else, control flow first, is rendered
by Liquid's own nodes, one by one. Both give what rendering the whole text gives.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, TypeAlias

from liquid import Node, RenderContext, escape
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.expressions.primitive import IntegerLiteral
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate

from delivery.skeleton.errors import CannotFill
from templates_app.liquid import Parsed, parse

# Filters that need nothing but the value and their literal arguments.
_SIMPLE = frozenset({"default", "upcase", "downcase", "capitalize", "strip", "append", "prepend", "truncate"})
# Words every object answers to: left to Liquid.
_SPECIAL = frozenset({"size", "first", "last"})
# Whose fields are looked up without Liquid.
_OBJECTS = frozenset({"contact", "list", "data"})
_MARKUP = re.compile("[&<>'\"]")
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DoorSlot:
    """Where the address of a door stands, bare."""

    name: str


@dataclass(frozen=True, slots=True)
class ValueSlot:
    """A field of an object, with simple filters; `write` gives the text from the object's values."""

    root: str
    write: Callable[[Values], str]


@dataclass(frozen=True, slots=True)
class NodeSlot:
    """Anything else, rendered by Liquid."""

    node: Node


Piece: TypeAlias = str | DoorSlot | ValueSlot | NodeSlot


@dataclass(frozen=True, slots=True)
class Cut:
    """The pieces of one text, and the doors its Liquid nodes may name."""

    pieces: list[Piece]
    template: BoundTemplate
    node_doors: frozenset[str]

    @property
    def doors(self) -> frozenset[str]:
        """Every door this text names."""
        return self.node_doors.union(piece.name for piece in self.pieces if isinstance(piece, DoorSlot))

    def context(self, variables: Values) -> RenderContext:
        """What the nodes of one message are rendered in, one after the other."""
        return RenderContext(self.template, globals=variables)


@dataclass(slots=True)
class _Cutter:
    parsed: Parsed
    doors: frozenset[str]
    constants: Values
    is_html: bool
    pieces: list[Piece] = field(default_factory=list)
    node_doors: set[str] = field(default_factory=set)

    def add(self, node: Node) -> None:
        if isinstance(node, ContentNode):
            return self.add_text(node.text)
        part = BoundTemplate(self.parsed.template.env, [node])
        found = part.analyze()
        roots = {str(name) for name in found.globals}
        is_alone = not self.parsed.local_names
        if is_alone and not found.globals.keys() - {"organisation"} and "date" not in found.filters:
            return self.add_text(part.render(self.constants))
        if is_alone and isinstance(node, OutputNode) and (slot := self.simple(node)):
            self.pieces.append(slot)
            return None
        self.node_doors |= {str(variable) for name in roots for variable in found.globals[name]} & self.doors
        self.pieces.append(NodeSlot(node))
        return None

    def add_text(self, text: str) -> None:
        if self.pieces and isinstance(self.pieces[-1], str):
            self.pieces[-1] += text
        elif text:
            self.pieces.append(text)

    def simple(self, node: OutputNode) -> DoorSlot | ValueSlot | None:
        expression = node.expression
        if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
            return None
        path, filters = expression.left.path, expression.filters or []
        name = ".".join(str(segment) for segment in path)
        if name in self.doors and not filters:
            return DoorSlot(name)
        if len(path) != 2 or path[0] not in _OBJECTS or not isinstance(path[1], str) or path[1] in _SPECIAL:
            return None
        if any(one.name not in _SIMPLE or not all(_is_literal(arg.value) for arg in one.args) for one in filters):
            return None
        context = RenderContext(self.parsed.template)
        steps = [(context.filter(one.name, None), *one.evaluate_args(context)) for one in filters]
        return ValueSlot(str(path[0]), _writer(path[1], steps, is_html=self.is_html))


def cut(text: str, *, doors: frozenset[str], constants: Values, is_html: bool, language: str) -> Cut:
    """Raises SourceErrors. `constants` are the variables that are the same for everybody (organisation)."""
    parsed = parse(text, is_html=is_html, language=language)
    cutter = _Cutter(parsed, doors, constants, is_html)
    for node in parsed.nodes:
        cutter.add(node)
    return Cut(cutter.pieces, parsed.template, frozenset(cutter.node_doors))


def render_node(node: Node, context: RenderContext) -> str:
    """One node in its message's context. Raises CannotFill."""
    buffer = StringIO()
    try:
        node.render(context, buffer)
    except (LiquidError, ArithmeticError, ValueError) as error:
        raise CannotFill(str(error.args[0]) if error.args else type(error).__name__) from error
    return buffer.getvalue()


def _is_literal(expression: object) -> bool:
    return isinstance(expression, StringLiteral | IntegerLiteral)


def _writer(name: str, steps: list[tuple[Any, Any, Any]], *, is_html: bool) -> Callable[[Values], str]:
    first_default = bool(steps) and getattr(steps[0][0], "__name__", "") == "default"
    after_default = steps[1:]

    def write(values: Values) -> str:
        value: Any = values.get(name)
        rest = steps
        if type(value) is str:
            if first_default and value:
                rest = after_default
            if not rest:
                return str(escape(value)) if is_html and not value.isalnum() and _MARKUP.search(value) else value
        for function, positional, named in rest:
            try:
                value = function(value, *positional, **named)
            except (LiquidError, TypeError) as error:
                raise CannotFill(str(error)) from error
        return str(to_liquid_string(value, is_html))

    return write
