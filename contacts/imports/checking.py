"""One row to one staged contact, or to a reason. The hot path of an import: some three microseconds a row."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from contacts.addresses import BrokenAddress, address_key, domain_of, folded
from contacts.imports.mapping import LANGUAGE, Plan, field_key
from contacts.imports.recognising import FATES, UnknownWord
from contacts.mailbox_providers import group_of
from contacts.models import ContactField
from contacts.values import ENCODERS, MOST, SEPARATORS, WrongValue, encoder_of, language_of, named

MOST_NAME, MOST_TAG = 100, 60
_REMEMBERED = 10_000  # cells of one column
_SHORT = 100  # characters of a cell worth remembering
_FORMULA = "=+-@\t\r"
_T = TypeVar("_T")


class Reason(StrEnum):
    """Why a row was refused."""

    MISSING = "missing"
    BROKEN = "broken"
    DUPLICATE = "duplicate"
    ERASED = "erased"  # asked to be erased: an import cannot revive anybody
    VALUE = "value"  # does not fit its field
    TOO_LONG = "too_long"
    TOO_WIDE = "too_wide"  # more cells than columns
    UNREADABLE = "unreadable"  # a quote never closed


@dataclass(frozen=True, slots=True)
class Refused:
    line: int
    cells: list[str]
    reason: Reason
    detail: str = ""


class RowRefused(Exception):
    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Loose:
    """Attributes whose fields do not exist yet: made by whoever holds the database, then encoded."""

    parts: list[str]
    attributes: dict[str, str]


# what one row becomes: address, key, sort key, first name, last name, language, group, fields as JSON, fate
Staged = tuple[str, str, str, str, str, str, int, "str | Loose", int]


@dataclass(slots=True)
class KnownFields:
    """The fields attributes may name, by key; grows while an import meets new ones."""

    by_key: dict[str, tuple[int, str]] = field(default_factory=dict)
    unmade: dict[int, str] = field(default_factory=dict)  # of a dry run: fields to come, as numbers below zero
    made: dict[int, ContactField] = field(default_factory=dict)

    def encoder(self, number: int, kind: str) -> tuple[Callable[[str], str], str]:
        """What encodes a value of the field, and the field's label for what does not fit."""
        row = self.made.get(number)
        return (encoder_of(kind, tuple(row.options)), row.label) if row else (ENCODERS[kind], "")

    def number(self, key: str) -> tuple[int, str]:
        """(number, kind) of a field; of one that a run would make, a number below zero."""
        if key not in self.by_key:
            number = -1 - len(self.unmade)
            self.unmade[number] = key
            self.by_key[key] = (number, ContactField.Kind.TEXT)
        return self.by_key[key]


class _Remembered(dict[str, _T]):
    """What a cell becomes, by the cell: a column of cities or first names says the same few things again and again.

    Forgets everything when it is full, so that a column where no value repeats costs no memory.
    """

    def __init__(self, work_out: Callable[[str], _T]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, cell: str) -> _T:
        value = self._work_out(cell)
        if len(cell) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[cell] = value
        return value


class Checker:
    """Checks the rows of one file, by its plan."""

    def __init__(self, plan: Plan, known: KnownFields) -> None:
        self._plan = plan
        self._known = known
        self._columns = [
            (
                column.index,
                _Remembered(_encoding(f'"{column.field_id}":', *known.encoder(column.field_id, column.kind))),
            )
            for column in plan.fields
        ]
        self._statuses = [(index, _Remembered(_fate_by(target))) for index, target in plan.statuses]
        self._name = _Remembered(_name_and_fold)
        self._tags = _Remembered(_tags_in)

    def check(self, cells: list[str]) -> Staged:
        """The staged row. Raises RowRefused."""
        plan = self._plan
        if len(cells) != plan.width:
            cells = self._same_width(cells)
        address = cells[plan.address].strip()
        if not address:
            raise RowRefused(Reason.MISSING)
        try:
            key = address_key(address)
        except BrokenAddress as error:
            raise RowRefused(Reason.BROKEN, str(error)) from None
        first, last, order = self._names(cells)
        language = language_of(cells[plan.language]) if plan.language is not None else ""
        fate = 0
        # What nobody understands is refused: it might have been a no.
        for index, told in self._statuses:
            if fate := told[cells[index]]:
                break
        parts = [part for index, encoded in self._columns if (part := encoded[cells[index]])]
        fields: str | Loose
        if plan.attributes:
            language, fields = self._with_attributes(cells, language, parts)
        else:
            fields = "{" + ",".join(parts) + "}"
        return address, key, order or folded(key)[:200], first, last, language, group_of(domain_of(key)), fields, fate

    def tags_of(self, cells: list[str]) -> tuple[str, ...]:
        """The tags a checked row asks for."""
        index = self._plan.tags
        return self._tags[cells[index]] if index is not None and index < len(cells) else ()

    def _same_width(self, cells: list[str]) -> list[str]:
        width = self._plan.width
        if any(cells[width:]):
            raise RowRefused(Reason.TOO_WIDE)
        return (cells + [""] * (width - len(cells)))[:width]

    def _names(self, cells: list[str]) -> tuple[str, str, str]:
        """First name, last name, and what addresses.sort_key makes of them."""
        plan, name = self._plan, self._name
        first, first_folded = name[cells[plan.first_name]] if plan.first_name is not None else ("", "")
        last, last_folded = name[cells[plan.last_name]] if plan.last_name is not None else ("", "")
        if plan.name is not None and not (first or last):
            one, _space, rest = _one_line(cells[plan.name]).partition(" ")
            first, first_folded = name[one]
            last, last_folded = name[rest]
        return first, last, f"{last_folded} {first_folded}".strip()[:200]

    def _with_attributes(self, cells: list[str], language: str, parts: list[str]) -> tuple[str, str | Loose]:
        loose: dict[str, str] = {}
        for index in self._plan.attributes:
            for name, value in _attributes(cells[index]).items():
                key = field_key(name)
                if name == LANGUAGE:
                    language = language or language_of(value)
                elif known := self._known.by_key.get(key):
                    parts.append(f'"{known[0]}":' + _encoded(value, *self._known.encoder(*known)))
                elif len(value) > MOST:
                    raise RowRefused(Reason.TOO_LONG)
                else:
                    loose[key] = value
        return language, Loose(parts, loose) if loose else "{" + ",".join(parts) + "}"


def closed(loose: Loose, known: Mapping[str, tuple[int, str]]) -> str:
    """The JSON of attributes whose fields have been made."""
    extra = [
        f'"{number}":' + _encoded(value, ENCODERS[kind])
        for key, value in loose.attributes.items()
        for number, kind in (known[key],)
    ]
    return "{" + ",".join([*loose.parts, *extra]) + "}"


def _encoded(value: str, encode: Callable[[str], str], label: str = "") -> str:
    if len(value) > MOST:
        raise RowRefused(Reason.TOO_LONG)
    try:
        return encode(_restored(value) if value[0] == "'" else value)
    except WrongValue as error:
        raise RowRefused(Reason.VALUE, named(label, str(error)) if label else str(error)) from None


def _encoding(prefix: str, encode: Callable[[str], str], label: str) -> Callable[[str], str]:
    """Cell → `"<field id>":<JSON>`; empty for an empty cell."""

    def part(cell: str) -> str:
        value = cell.strip()
        return prefix + _encoded(value, encode, label) if value else ""

    return part


def _fate_by(target: str) -> Callable[[str], int]:
    """Cell → 0, or why this person must not be mailed."""

    def fate(cell: str) -> int:
        try:
            return FATES[target](cell.strip().lower())
        except UnknownWord as error:
            raise RowRefused(Reason.VALUE, str(error)) from None

    return fate


def _name_and_fold(cell: str) -> tuple[str, str]:
    name = _one_line(cell)
    if len(name) > MOST_NAME:
        raise RowRefused(Reason.TOO_LONG)
    return name, folded(name)


def _tags_in(cell: str) -> tuple[str, ...]:
    """`"vip","newsletter"` as Mailchimp writes them, or any other list; what is too long for a tag is cut."""
    names = (" ".join(_one_line(part).strip("\"' ").split())[:MOST_TAG] for part in SEPARATORS.split(cell))
    return tuple(dict.fromkeys(name for name in names if name))


def _restored(value: str) -> str:
    """A formula cell as it was before an export made it harmless with an apostrophe (ours and spreadsheets' do)."""
    return value[1:] if value[1:2] and value[1] in _FORMULA else value


def _one_line(value: str) -> str:
    """A name: no space around it, and no line break or control character in it, because headers carry names."""
    value = value.strip()
    if value and not value.isprintable():
        value = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return _restored(value) if value[:1] == "'" else value


def _attributes(cell: str) -> dict[str, str]:
    """listmonk's column: one JSON object. Anything else in it counts as no attributes."""
    if not cell.strip():
        return {}
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        raise RowRefused(Reason.VALUE, "JSON") from None
    if not isinstance(found, dict):
        raise RowRefused(Reason.VALUE, "JSON")
    return {str(name): text for name, value in found.items() if (text := _as_text(value))}


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # JSON can spell what no text may hold: NUL, and halves of a surrogate pair.
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode().strip()
