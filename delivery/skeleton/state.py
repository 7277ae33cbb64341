"""What one person's message is made from, looked up while its slots are filled."""

from collections.abc import Mapping
from typing import Any

from liquid import RenderContext

from common.tokens import Signed
from delivery.skeleton.doors import Door
from delivery.skeleton.pieces import Cut, DoorSlot, NodeSlot, Piece, ValueSlot, render_node


class State:
    """`values` are Liquid's objects, `tokens` those of every door the texts name."""

    __slots__ = ("_contexts", "_doors", "tokens", "values")

    def __init__(self, values: dict[str, Any], tokens: Signed, doors: Mapping[str, Door]) -> None:
        self.values = values
        self.tokens = tokens
        self._doors = doors
        self._contexts: dict[int, RenderContext] = {}

    def text(self, piece: Piece, cut: Cut) -> str:
        """What stands in this slot for this person. Raises CannotFill."""
        if isinstance(piece, ValueSlot):
            return piece.write(self.values[piece.root])
        if isinstance(piece, DoorSlot):
            return self.url(piece.name)
        if isinstance(piece, NodeSlot):
            return render_node(piece.node, self._context(cut))
        return piece

    def whole(self, cut: Cut) -> str:
        """A whole text for this person."""
        return "".join([self.text(piece, cut) for piece in cut.pieces])

    def url(self, name: str) -> str:
        door = self._doors[name]
        return f"{door.prefix}{self.tokens[name]}{door.suffix}"

    def _context(self, cut: Cut) -> RenderContext:
        context = self._contexts.get(id(cut))
        if context is None:
            context = self._contexts[id(cut)] = cut.context(self._variables(cut))
        return context

    def _variables(self, cut: Cut) -> Mapping[str, object]:
        return nested({**self.values, **{name: self.url(name) for name in cut.node_doors}})


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """{"envol.pixel": url} as Liquid reads it: {"envol": {"pixel": url}}."""
    out: dict[str, Any] = {}
    for name, value in flat.items():
        root, dot, key = name.partition(".")
        if dot:
            out.setdefault(root, {})[key] = value
        else:
            out[root] = value
    return out
