"""The filter in an address: `q`, any number of `f`, and `match`.

An `f` is subject~operator~value~value …; a tilde inside a value is escaped. `list`, `state` and `tag` are the short
forms other pages link with. What does not fit is told and left out, so that an old bookmark still opens.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlencode

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.filters import Catalogue, Group, Rule, Subject, Words, WrongFilter, from_json, people, words_of

_SHORT_FORMS = ("list", "state", "tag")


@dataclass(slots=True)
class Chip:
    """One rule on the page, and the page without it."""

    label: str
    value: str
    url: str


@dataclass(slots=True)
class Asked:
    """What a page was asked to show."""

    text: str = ""
    rules: list[Rule] = field(default_factory=list)
    is_any: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.rules)

    def tree(self, *, among: list[int] | None = None) -> Group:
        """The rules as a tree; with `among`, only these people of them."""
        rules: tuple[Rule | Group, ...] = tuple(self.rules)
        if self.is_any and len(rules) > 1:
            rules = (Group("any", rules),)
        if self.text:
            rules = (Rule("text", "contains", (self.text,)), *rules)
        if among is not None:
            rules = (*rules, Rule("id", "any", tuple(map(str, among))))
        return Group("all", rules)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of an address or a form that ask the same."""
        found = [("q", self.text)] if self.text else []
        found += [("f", spelled(rule)) for rule in self.rules]
        return [*found, ("match", "any")] if self.is_any else found

    @property
    def query(self) -> str:
        """ "?…" of an address that asks the same; "?" where nothing is asked."""
        return "?" + urlencode(self.pairs)

    def without(self, rule: Rule) -> "Asked":
        return Asked(self.text, [one for one in self.rules if one != rule], self.is_any)

    def chips(self, catalogue: Catalogue) -> list[Chip]:
        return [Chip(words.label, words.value, self.without(rule).query) for rule, words in self.in_words(catalogue)]

    def in_words(self, catalogue: Catalogue) -> Iterator[tuple[Rule, Words]]:
        for rule in self.rules:
            yield rule, words_of(rule, catalogue)


def spelled(rule: Rule) -> str:
    """A rule as the value of an `f`."""
    return "~".join([rule.subject, rule.operator, *(one.replace("%", "%25").replace("~", "%7E") for one in rule.value)])


def asked(given: QueryDict, catalogue: Catalogue) -> Asked:
    """What an address asks for; nothing of it is trusted."""
    text = given.get("q", "").replace("\0", "").strip()[:200]
    found = Asked(text=text, is_any=given.get("match") == "any")
    for spelling in given.getlist("f")[:60]:
        subject, operator, *values = spelling.replace("\0", "").split("~")
        _take(found, Rule(subject, operator or "", tuple(map(unquote, values))) if operator else None, catalogue)
    for rule in _short(given):
        _take(found, rule, catalogue)
    return found


def added(given: QueryDict, catalogue: Catalogue) -> Rule | None:
    """The rule a person has just put together in `on`, `op` and `value`. Raises WrongFilter."""
    if not given.get("on"):
        return None
    values = tuple(value.replace("\0", "").strip()[:300] for value in given.getlist("value")[:200])
    rule = Rule(given.get("on", ""), given.get("op", ""), values)
    _check(rule, catalogue)
    return rule


def subject_of(given: QueryDict, catalogue: Catalogue) -> tuple[Subject, str]:
    """The subject a person has chosen, and an operator that fits it. Raises WrongFilter."""
    subject = catalogue.subject(given.get("on", ""))
    operator = given.get("op", "")
    return subject, operator if operator in subject.operators else next(iter(subject.operators))


def _short(given: QueryDict) -> Iterator[Rule]:
    contact_list, state, tag = (given.get(name, "") for name in _SHORT_FORMS)
    if contact_list:
        yield Rule("list", "left" if state == "left" else "on", (contact_list,))
        state = "" if state == "left" else state
    if state.isdigit():
        yield Rule("suppressed", "any", (state,))
    elif state:
        yield Rule("state", "any", (state,))
    if tag:
        yield Rule("tag", "any", (tag,))


def _take(found: Asked, rule: Rule | None, catalogue: Catalogue) -> None:
    try:
        if rule is None:
            raise WrongFilter(_("This filter is damaged."))
        _check(rule, catalogue)
    except (WrongFilter, ValueError) as error:
        found.problems.append(str(error))
    else:
        if rule not in found.rules:
            found.rules.append(rule)


def _check(rule: Rule, catalogue: Catalogue) -> None:
    tree = from_json(rule.to_json())
    people(tree, now=timezone.now(), catalogue=catalogue)
