"""What one message of a call must be. Every fault is found, each named by its field."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any, TypeAlias

from django.conf import settings

from common.sql import run_hot
from contacts.addresses import BrokenAddress, address_key
from delivery.skeleton.errors import CannotFill
from delivery.skeleton.headers import safe
from templates_app.liquid import names_in
from templates_app.models import TemplateVersion
from templates_app.problems import SourceErrors
from templates_app.variables import names_with
from transactional.calls import Call, Problem

FIELDS = frozenset({"to", "template", "subject", "html", "variables", "language", "from", "idempotency_key"})
LONGEST_SUBJECT = 500
LONGEST_HTML = 500_000
LONGEST_VARIABLES = 50_000  # characters as JSON
LONGEST_KEY = 200
_LANGUAGES = dict(settings.LANGUAGES)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One good message; `variables` is JSON that PostgreSQL takes."""

    address: str
    address_key: str
    template_version: int | None
    subject: str
    html: str
    sender: int
    language: str
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Design:
    """A template's current version: what a message takes from it."""

    version: int
    language: str
    subject: str  # its title
    names: frozenset[str]


Known: TypeAlias = dict[tuple[int, str], tuple[str, str]]  # (API key, idempotency key) → (digest, id)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the messages of a group may name, and what was stored before, read in one statement for all of them."""

    designs: Mapping[int, _Design]
    senders: Mapping[str, int]  # by address in lower case
    usual_sender: int | None
    names: frozenset[str]
    known: Known

    @classmethod
    def for_calls(cls, calls: Iterable[Call]) -> "Shelf":
        """The shelf for messages as they came: whatever makes no sense in them is no concern here."""
        numbers: set[int] = set()
        pairs: set[tuple[int, str]] = set()
        for call in calls:
            numbers.update(n for item in call.items if type(n := item.get("template")) is int and 0 < n < 2**31)
            words = (word for word in call.idempotency if word and len(word) <= LONGEST_KEY and _is_storable(word))
            pairs.update((call.key.pk, word) for word in words)
        own = {"keys": [key for key, _word in pairs], "words": [word for _key, word in pairs]}
        asked = own | {"templates": sorted(numbers)}
        rows = run_hot("transactional", "shelf", asked).fetchall()
        templates, senders, fields, stored = (found or [] for found in rows[0])
        return cls(
            designs=_designs(templates),
            senders={address.lower(): pk for pk, address in reversed(senders)},
            usual_sender=senders[0][0] if senders else None,
            names=names_with(fields),
            known={(key, word): (digest, name) for key, word, digest, name in stored},
        )


def _designs(templates: Iterable[tuple[int, int, str]]) -> dict[int, _Design]:
    """The designs of (template, version, language), by template; a version is read once in the life of a process."""
    found = list(templates)
    read = {version: known for _template, version, _language in found if (known := _read.get(version))}
    if missing := {version for _template, version, _language in found} - read.keys():
        for version, html in TemplateVersion.objects.filter(pk__in=missing).values_list("pk", "html"):
            title = _TITLE.search(html)
            read[version] = (" ".join(unescape(title[1]).split()) if title else "", names_in(html))
        if len(_read) > _MOST_READ:
            _read.clear()
        _read.update(read)
    return {pk: _Design(version, language, *read[version]) for pk, version, language in found if version in read}


# version → (title, names) of what it was compiled to; a version never changes
_read: dict[int, tuple[str, frozenset[str]]] = {}
_MOST_READ = 500


class _Reader:
    """One message, field by field; `problems` fills as it goes."""

    def __init__(self, item: Mapping[str, Any], index: int, shelf: Shelf) -> None:
        self.item, self.index, self.shelf = item, index, shelf
        self.problems: list[Problem] = []

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(Problem(self.index, name, message))

    def is_wrong(self, name: str) -> bool:
        return any(problem.field == name for problem in self.problems)

    def text(self, name: str, *, most: int) -> str:
        """A text field, empty where it is missing or wrong."""
        value = self.item.get(name, "")
        if not isinstance(value, str):
            self.wrong(name, "Must be a text.")
        elif len(value) > most:
            self.wrong(name, f"Has {len(value)} characters; {most} are the most.")
        elif not _is_storable(value):
            self.wrong(name, "Holds a character that cannot be stored.")
        else:
            return value
        return ""

    def read(self) -> Wanted | None:
        for name in sorted(self.item.keys() - FIELDS):
            self.wrong(name[:100], f"There is no such field; there are {', '.join(sorted(FIELDS))}.")
        self.text("idempotency_key", most=LONGEST_KEY)
        address, key = self._address()
        design, html = self._content()
        subject = self._subject(design)
        variables = self._variables()
        self._names(subject, html, design, variables)
        sender, language = self._sender(), self._language(design)
        if self.problems or sender is None:
            return None
        version = design.version if design else None
        return Wanted(address, key, version, subject, html, sender, language, variables)

    def _address(self) -> tuple[str, str]:
        text = self.text("to", most=320).strip()
        if not text and not self.is_wrong("to"):
            self.wrong("to", "Is missing: the address the message goes to.")
        try:
            return text, address_key(text) if text else ""
        except BrokenAddress as error:
            self.wrong("to", str(error))
            return "", ""

    def _content(self) -> tuple[_Design | None, str]:
        html, number = self.text("html", most=LONGEST_HTML), self.item.get("template")
        if number is None:
            if not html.strip():
                self.wrong("template", "Is missing: the number of a template, or give subject and html.")
            return None, html
        if html:
            self.wrong("html", "Give a template or html, not both.")
        design = self.shelf.designs.get(number) if type(number) is int else None
        if design is None:
            self.wrong("template", "There is no template with this number.")
        return design, ""

    def _subject(self, design: _Design | None) -> str:
        subject = self.text("subject", most=LONGEST_SUBJECT).strip()
        if not subject and design:
            subject = design.subject
        if not subject and not self.is_wrong("subject") and not self.is_wrong("template"):
            self.wrong("subject", "Is missing, and the template has no title (mj-title) to take in its place.")
        try:
            safe(subject, "subject")
        except CannotFill:
            self.wrong("subject", "Holds a character that cannot stand in a header.")
        return subject

    def _variables(self) -> dict[str, Any]:
        variables = self.item.get("variables", {})
        if not isinstance(variables, dict):
            self.wrong("variables", "Must be an object: names and their values.")
            return {}
        text = json.dumps(variables, ensure_ascii=False)
        if len(text) > LONGEST_VARIABLES:
            self.wrong("variables", f"Have {len(text)} characters as JSON; {LONGEST_VARIABLES} are the most.")
        elif "\\u0000" in text or not _is_storable(text):
            self.wrong("variables", "Hold a character that cannot be stored.")
        return variables

    def _names(self, subject: str, html: str, design: _Design | None, variables: Mapping[str, Any]) -> None:
        used = set(design.names) if design else set()
        for name, text in (("subject", subject), ("html", html)):
            try:
                used |= _names_of(text)
            except SourceErrors as error:
                self.wrong(name, str(error))
        for dotted in sorted(used - self.shelf.names):
            root, _dot, own = dotted.partition(".")
            if root != "data":
                self.wrong("template" if design else "html", f"Names something that is not defined: {dotted}.")
            elif own and own not in variables and not self.is_wrong("variables"):
                self.wrong(f"variables.{own}", "Is missing: the message names it. Give null to leave it empty.")

    def _sender(self) -> int | None:
        given = self.text("from", most=320).strip().lower()
        found = self.shelf.senders.get(given) if given else self.shelf.usual_sender
        if found is None and not self.is_wrong("from"):
            self.wrong("from", "Is no sender of this installation; see Deliverability, Senders.")
        return found

    def _language(self, design: _Design | None) -> str:
        given = self.text("language", most=10)
        if given and given not in _LANGUAGES:
            self.wrong("language", f"Must be one of {', '.join(sorted(_LANGUAGES))}.")
        return given or (design.language if design else settings.LANGUAGE_CODE)


def read_message(item: Mapping[str, Any], index: int, shelf: Shelf) -> Wanted | list[Problem]:
    """`item` as a message, or everything that is wrong with it."""
    reader = _Reader(item, index, shelf)
    wanted = reader.read()
    return reader.problems if wanted is None else wanted


def read_messages(items: Iterable[Mapping[str, Any]], shelf: Shelf) -> tuple[list[Wanted], list[Problem]]:
    """All messages of a call."""
    good: list[Wanted] = []
    problems: list[Problem] = []
    for index, item in enumerate(items):
        found = read_message(item, index, shelf)
        if isinstance(found, Wanted):
            good.append(found)
        else:
            problems += found
    return good, problems


@lru_cache(maxsize=512)
def _names_of(text: str) -> frozenset[str]:
    return names_in(text) if "{" in text else frozenset()


def _is_storable(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
