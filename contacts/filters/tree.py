"""A filter as a tree of rules: what a URL, a bulk change, an export and a segment keep.

    {"all": [{"on": "list", "op": "on", "value": ["3"]}, {"any": [ … ]}, {"none": [ … ]}]}

A group holds when all, any or none of its parts do. Names, operators and values are checked against contacts/filters/
subjects.py when the tree is compiled; this module only knows the shape.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from django.utils.translation import gettext as _

GROUPS: Final = ("all", "any", "none")
MOST_RULES = 60
MOST_DEPTH = 6
MOST_VALUES = 200
LONGEST_VALUE = 300


class WrongFilter(ValueError):
    """No such filter; the message says why, in the active language."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement about a person, such as "list", "on", ("3",)."""

    subject: str
    operator: str
    value: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"on": self.subject, "op": self.operator, "value": list(self.value)}


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that hold together: all of them, any, or none. Without parts it is everybody."""

    word: Literal["all", "any", "none"] = "all"
    parts: "tuple[Node, ...]" = ()

    def to_json(self) -> dict[str, Any]:
        return {self.word: [part.to_json() for part in self.parts]}

    def rules(self) -> Iterator[Rule]:
        """Every rule, however deep."""
        for part in self.parts:
            if isinstance(part, Rule):
                yield part
            else:
                yield from part.rules()


Node: TypeAlias = Rule | Group
EVERYBODY = Group()


def from_json(stored: Mapping[str, Any]) -> Group:
    """The tree of what `to_json` gave, or of what a stranger sent. Raises WrongFilter."""
    if not stored:
        return EVERYBODY
    node = _node(stored, MOST_DEPTH)
    tree = node if isinstance(node, Group) else Group("all", (node,))
    if sum(1 for _rule in tree.rules()) > MOST_RULES:
        raise WrongFilter(_("This filter has more than %(most)d rules.") % {"most": MOST_RULES})
    return tree


def _node(stored: Any, depth: int) -> Node:
    if not isinstance(stored, Mapping) or depth < 0:
        raise WrongFilter(_("This filter is damaged."))
    for word in GROUPS:
        if isinstance(parts := stored.get(word), list) and len(stored) == 1:
            return Group(word, tuple(_node(part, depth - 1) for part in parts[: MOST_RULES + 1]))
    value = stored.get("value", [])
    texts = [stored.get("on"), stored.get("op"), *(value if isinstance(value, list) else [value])]
    if len(texts) > MOST_VALUES + 2 or any(not isinstance(text, str) or len(text) > LONGEST_VALUE for text in texts):
        raise WrongFilter(_("This filter is damaged."))
    subject, operator, *values = (text.replace("\0", "") for text in texts)
    return Rule(subject, operator, tuple(values))
