"""What a rule may be about, with which operators and which values: the list of what is allowed, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from contacts.filters.tree import WrongFilter
from contacts.mailbox_providers import MAILBOX_PROVIDERS
from contacts.models import AddressFlag, ConsentState, ConsentStatement, ContactField, ContactList, Suppression, Tag

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Choices = Sequence[tuple[str, "str | _StrPromise"]]

# Operators by kind of subject. An operator says what its value is: nothing, one text, a number of days, a date, or some
# of the subject's choices.
_AMONG = {"any": pgettext_lazy("a filter", "is"), "none": pgettext_lazy("a filter", "is not")}
_KNOWN = {"known": pgettext_lazy("a filter", "is known"), "unknown": pgettext_lazy("a filter", "is not known")}
_TEXT = {
    "is": pgettext_lazy("a filter", "is exactly"),
    "not": pgettext_lazy("a filter", "is not exactly"),
    "begins": pgettext_lazy("a filter", "begins with"),
    "contains": pgettext_lazy("a filter", "contains"),
}
_DAYS = {
    "last": pgettext_lazy("a filter", "in the last … days"),
    "older": pgettext_lazy("a filter", "more than … days ago"),
}
_DATES = {"before": pgettext_lazy("a filter", "before"), "since": pgettext_lazy("a filter", "since")}
OPERATORS: Final[dict[str, dict[str, "_StrPromise"]]] = {
    "search": {"contains": pgettext_lazy("a filter", "contains")},
    "address": {
        "is": _TEXT["is"],
        "begins": _TEXT["begins"],
        "contains": _TEXT["contains"],
        "ends": pgettext_lazy("a filter", "ends with"),
    },
    "name": {**_TEXT, **_KNOWN},
    "text": {**_TEXT, **_KNOWN},
    "number": {
        "is": pgettext_lazy("a filter", "equals"),
        "less": pgettext_lazy("a filter", "is less than"),
        "more": pgettext_lazy("a filter", "is more than"),
        **_KNOWN,
    },
    "date": {"is": pgettext_lazy("a filter", "is on"), **_DATES, **_DAYS, **_KNOWN},
    "boolean": {"yes": pgettext_lazy("a filter", "is yes"), "no": pgettext_lazy("a filter", "is no"), **_KNOWN},
    "choice": {**_AMONG, **_KNOWN},
    "choices": {
        "any": pgettext_lazy("a filter", "has one of"),
        "all": pgettext_lazy("a filter", "has each of"),
        "none": pgettext_lazy("a filter", "has none of"),
        **_KNOWN,
    },
    "among": _AMONG,
    "list": {
        "on": pgettext_lazy("a filter", "subscribed to"),
        "off": pgettext_lazy("a filter", "not subscribed to"),
        "left": pgettext_lazy("a filter", "has left"),
        "waiting": pgettext_lazy("a filter", "has not confirmed"),
    },
    "tag": {
        "any": pgettext_lazy("a filter", "carries"),
        "none": pgettext_lazy("a filter", "does not carry"),
    },
    "moment": {**_DATES, **_DAYS},
    "gesture": {
        **_DAYS,
        "ever": pgettext_lazy("a filter", "at least once"),
        "never": pgettext_lazy("a filter", "never"),
    },
    "id": {"any": pgettext_lazy("a filter", "is")},
}
NO_VALUE: Final = {"known", "unknown", "yes", "no", "ever", "never"}
DAYS: Final = {"last", "older"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing a rule can be about. `kind` is a key of OPERATORS."""

    name: str
    label: "str | _StrPromise"
    kind: str
    choices: Choices = ()
    field: ContactField | None = None

    @property
    def operators(self) -> dict[str, "_StrPromise"]:
        return OPERATORS[self.kind]

    def takes(self, operator: str) -> str:
        """What an operator's value is, for its input: "", "days", "date", "number", "choices" or "text"."""
        if operator in NO_VALUE:
            return ""
        if operator in DAYS:
            return "days"
        if self.kind in ("date", "moment"):
            return "date"
        if self.kind == "number":
            return "number"
        return "choices" if self.choices else "text"


STATES: Final = {
    "mailable": gettext_lazy("reachable"),
    "left": gettext_lazy("unsubscribed"),
    "waiting": gettext_lazy("waiting for confirmation"),
    "break": gettext_lazy("on a break"),
    "suppressed": gettext_lazy("suppressed, whatever the reason"),
    "nowhere": gettext_lazy("on no list"),
}
_KINDS = {
    ContactField.Kind.TEXT: "text",
    ContactField.Kind.NUMBER: "number",
    ContactField.Kind.DATE: "date",
    ContactField.Kind.BOOLEAN: "boolean",
    ContactField.Kind.CHOICE: "choice",
    ContactField.Kind.CHOICES: "choices",
}


_FIXED: Final = {
    "text": (gettext_lazy("Name or address"), "search"),
    "address": (gettext_lazy("Address"), "address"),
    "first_name": (gettext_lazy("First name"), "name"),
    "last_name": (gettext_lazy("Last name"), "name"),
    "language": (gettext_lazy("Language"), "among"),
    "provider": (gettext_lazy("Mailbox"), "among"),
    "flag": (gettext_lazy("Flag on the address"), "among"),
    "list": (gettext_lazy("List"), "list"),
    "tag": (gettext_lazy("Tag"), "tag"),
    "state": (gettext_lazy("State"), "among"),
    "suppressed": (gettext_lazy("Suppression"), "among"),
    "source": (gettext_lazy("Source of the consent"), "among"),
    "opens": (gettext_lazy("Opens measured"), "among"),
    "clicks": (gettext_lazy("Clicks measured"), "among"),
    "clicked": (gettext_lazy("Last click"), "gesture"),
    "opened": (gettext_lazy("Last open"), "gesture"),
    "created": (gettext_lazy("Added"), "moment"),
    "changed": (gettext_lazy("Changed"), "moment"),
    "id": (gettext_lazy("Chosen by hand"), "id"),
}
SUBJECTS: Final = tuple(_FIXED)
_CONSENTS: Choices = [(str(number), label) for number, label in ConsentState.choices]
_CHOICES: Final[dict[str, Choices]] = {
    "language": [*settings.LANGUAGES, ("", gettext_lazy("not known"))],
    "provider": [(str(row.number), row.name) for row in MAILBOX_PROVIDERS],
    "state": list(STATES.items()),
    "suppressed": [(str(number), label) for number, label in Suppression.Reason.choices],
    "flag": [(str(number), label) for number, label in AddressFlag.Kind.choices],
    "opens": _CONSENTS,
    "clicks": _CONSENTS,
}


class Catalogue:
    """Every subject there is now. Lists, tags, fields and sources are read when first needed."""

    @cached_property
    def lists(self) -> list[ContactList]:
        return list(ContactList.objects.order_by("name"))

    @cached_property
    def tags(self) -> list[Tag]:
        return list(Tag.objects.order_by("name")[:1000])

    @cached_property
    def fields(self) -> list[ContactField]:
        return list(ContactField.objects.filter(archived_at=None))

    @cached_property
    def sources(self) -> list[ConsentStatement]:
        return list(ConsentStatement.objects.order_by("-pk")[:200])

    def subject(self, name: str) -> Subject:
        """The subject of this name. Raises WrongFilter."""
        if name.startswith("field:"):
            for row in self.fields:
                if name == f"field:{row.pk}":
                    return self._of_field(row)
            raise WrongFilter(_("A field of this filter is archived or was deleted."))
        if name not in _FIXED:
            raise WrongFilter(_("This filter is damaged."))
        return self._fixed(name)

    def offered(self) -> "Iterator[tuple[str | _StrPromise, Choices]]":
        """Names and labels of what a person may choose from, in groups; no choices of theirs are read for it."""
        for title, names in _OFFERED:
            yield title, [(name, _FIXED[name][0]) for name in names]
        if self.fields:
            yield gettext_lazy("Fields"), [(f"field:{row.pk}", row.label) for row in self.fields]

    def _fixed(self, name: str) -> Subject:
        label, kind = _FIXED[name]
        return Subject(name, label, kind, self._choices(name))

    def _choices(self, name: str) -> Choices:
        match name:
            case "list":
                return _pairs(self.lists)
            case "tag":
                return _pairs(self.tags)
            case "source":
                return _pairs(self.sources)
        return _CHOICES.get(name, ())

    def _of_field(self, row: ContactField) -> Subject:
        choices = [(option, option) for option in row.options] if row.is_chosen_from else []
        return Subject(f"field:{row.pk}", row.label, _KINDS[ContactField.Kind(row.kind)], choices, row)


_OFFERED: Final = (
    (gettext_lazy("Lists and state"), ("list", "tag", "state", "suppressed", "source", "opens", "clicks")),
    (
        gettext_lazy("Person"),
        ("address", "first_name", "last_name", "language", "provider", "flag", "created", "changed"),
    ),
    (gettext_lazy("Engagement"), ("clicked", "opened")),
)


def _pairs(rows: Sequence[ContactList] | Sequence[Tag] | Sequence[ConsentStatement]) -> Choices:
    return [(str(row.pk), str(row)) for row in rows]
