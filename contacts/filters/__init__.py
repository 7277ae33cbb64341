"""Filters over contacts: one engine for the table, exports, bulk changes and, later, segments.

tree.py       the shape that is stored and sent
subjects.py   what a rule may be about: operators and values
compiling.py  a tree to one condition
wording.py    a tree as people read it
"""

from contacts.filters.compiling import people
from contacts.filters.subjects import OPERATORS, Catalogue, Subject
from contacts.filters.tree import EVERYBODY, Group, Node, Rule, WrongFilter, from_json
from contacts.filters.wording import Words, words_of

__all__ = [
    "EVERYBODY",
    "OPERATORS",
    "Catalogue",
    "Group",
    "Node",
    "Rule",
    "Subject",
    "Words",
    "WrongFilter",
    "from_json",
    "people",
    "words_of",
]
