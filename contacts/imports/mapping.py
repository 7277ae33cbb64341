"""What each column means, guessed from its name and values; a person has the last word."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from contacts.imports.recognising import DNC, STATUS, left_out, status_of
from contacts.models import ContactField

ADDRESS, FIRST_NAME, LAST_NAME, NAME = "address", "first_name", "last_name", "name"
LANGUAGE, ATTRIBUTES, TAGS, NOTHING = "language", "attributes", "tags", ""
FIELD, NEW = "field:", "new:"  # followed by a ContactField's id, or by the key of one to be made
FIXED = (ADDRESS, FIRST_NAME, LAST_NAME, NAME, LANGUAGE, ATTRIBUTES, TAGS, STATUS, DNC)

_ONCE = (ADDRESS, FIRST_NAME, LAST_NAME, NAME, LANGUAGE, TAGS)

# As Mailchimp, Brevo, listmonk, Mautic and spreadsheets in English and French call them, in slug form.
_NAMES = {
    ADDRESS: "email e_mail email_address e_mail_address mail mail_address address adresse adresse_email adresse_e_mail "
    "adresse_mail adresse_electronique courriel subscriber_email contact_email e_mail_1_value",
    FIRST_NAME: "first_name firstname fname prenom given_name forename first",
    LAST_NAME: "last_name lastname lname nom nom_de_famille surname family_name last",
    NAME: "name full_name fullname nom_complet nom_prenom prenom_nom nom_et_prenom prenom_et_nom display_name",
    LANGUAGE: "language lang langue locale preferred_language",
    ATTRIBUTES: "attributes attribs",
    TAGS: "tags etiquettes",
    NOTHING: "line reason explanation",  # the columns of our own file of refused rows
}
_BY_NAME = {name: target for target, names in _NAMES.items() for name in names.split()}
# Names of contact.<name> in templates that a field of one's own cannot take.
_TAKEN = {*FIXED, "email", "id", "uuid", "fields", "address_key", "sort_key"} - {TAGS}


@dataclass(frozen=True, slots=True)
class FieldColumn:
    index: int
    field_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping resolved: which cell goes where. Indexes of columns; None where there is none."""

    width: int
    address: int
    first_name: int | None
    last_name: int | None
    name: int | None
    language: int | None
    attributes: tuple[int, ...]
    statuses: tuple[tuple[int, str], ...]  # column and STATUS or DNC
    fields: tuple[FieldColumn, ...]
    tags: int | None = None


def slug(text: str, *, most: int = 60) -> str:
    """A name as templates spell it: lower case, no accents, words joined by one underscore."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_")[:most].rstrip("_")


@lru_cache(maxsize=4096)
def field_key(label: str) -> str:
    """The key of a new field called `label`; never one that templates use for something else."""
    key = slug(label, most=55) or "field"
    key = f"f_{key}" if key[0].isdigit() else key
    return f"{key}_2" if key in _TAKEN else key


def guess(columns: Sequence[str], samples: Sequence[Sequence[str]], fields: Iterable[ContactField]) -> dict[str, str]:
    """{"<index>": target} for every column. Each fixed target is given once; what is unknown becomes a new field."""
    known = {name: field for field in fields for name in (slug(field.label), field.key)}
    useless = left_out([slug(column) for column in columns])
    found: dict[str, str] = {}
    given: set[str] = set()
    for index, column in enumerate(columns):
        values = [cells[index].strip() for cells in samples if cells[index].strip()]
        target = NOTHING if slug(column) in useless else _target(column, values, known)
        if target in _ONCE and target in given:
            target = NEW + field_key(column)
        while target.startswith(NEW) and target in given:
            target += "_2"
        if target:
            given.add(target)
        found[str(index)] = target
    if ADDRESS not in given:
        _give_address(found, columns, samples)
    return found


def _target(column: str, values: Sequence[str], known: Mapping[str, ContactField]) -> str:
    name = slug(column)
    by_name = _BY_NAME.get(name)
    if name in ("address", "adresse") and values and not any("@" in value for value in values):
        by_name = None  # "Adresse" is where they live
    if by_name == ATTRIBUTES and not any(map(_is_object, values)):
        by_name = None
    if by_name is not None:
        return by_name
    if status := status_of(name, values):
        return status
    if field := known.get(name):
        return f"{FIELD}{field.pk}"
    if not name and not values:
        return NOTHING
    return NEW + field_key(column)


def _is_object(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict)
    except ValueError:
        return False


def _give_address(found: dict[str, str], columns: Sequence[str], samples: Sequence[Sequence[str]]) -> None:
    """By values, where no name says it: the column in which most cells hold an @."""
    shares = [sum("@" in cells[index] for cells in samples) for index in range(len(columns))]
    if shares and (most := max(shares)) * 2 > len(samples):
        found[str(shares.index(most))] = ADDRESS


def plan_of(mapping: Mapping[str, str], *, width: int, kinds: Mapping[int, str]) -> Plan:
    """Resolve a mapping whose new fields have been made. `kinds`: of each ContactField, by id."""
    first: dict[str, int] = {}
    fields: list[FieldColumn] = []
    attributes: list[int] = []
    statuses: list[tuple[int, str]] = []
    for index, target in sorted((int(index), target) for index, target in mapping.items()):
        if target == ATTRIBUTES:
            attributes.append(index)
        elif target in (STATUS, DNC):
            statuses.append((index, target))
        elif target in FIXED:
            first.setdefault(target, index)
        elif target.startswith(FIELD) and (number := int(target[len(FIELD) :])) in kinds:
            fields.append(FieldColumn(index, number, kinds[number]))
    return Plan(
        width=width,
        address=first[ADDRESS],
        first_name=first.get(FIRST_NAME),
        last_name=first.get(LAST_NAME),
        name=first.get(NAME),
        language=first.get(LANGUAGE),
        attributes=tuple(attributes),
        statuses=tuple(statuses),
        fields=tuple(fields),
        tags=first.get(TAGS),
    )
