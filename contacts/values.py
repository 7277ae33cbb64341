"""Values of typed fields, normalised at the door: one spelling per value, so that a filter can trust them."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts.addresses import folded
from contacts.models import ContactField

MOST = 5_000  # characters of one value
SEPARATORS: Final = re.compile(r"[,;|]")
_YES = {"yes", "oui", "true", "vrai", "1", "y", "o", "x", "on"}
_NO = {"no", "non", "false", "faux", "0", "n", "off"}
_DATES: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")
_LANGUAGES = {"french": "fr", "francais": "fr", "français": "fr", "english": "en", "anglais": "en"}


class WrongValue(ValueError):
    """A value does not fit its field; the message says what was expected, in the active language."""


@lru_cache(maxsize=1000)
def language_of(value: str) -> str:
    """ "fr" or "en" for the ways files name them; empty for a language this installation does not speak."""
    word = value.strip().lower()
    code = _LANGUAGES.get(word) or re.split(r"[-_ ]", word)[0]
    return code if code in ("fr", "en") else ""


def _number(value: str) -> str:
    bare = re.sub(r"[\s\u00a0\u202f']", "", value)
    if "," in bare and "." not in bare:
        bare = bare.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,10})?", bare):
        raise WrongValue(_("“%(value)s” is not a number.") % {"value": value[:60]})
    sign, digits = ("-", bare[1:]) if bare[0] == "-" else ("", bare.lstrip("+"))
    whole, _dot, part = digits.partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    return f"{sign}{whole}.{part}" if part else f"{sign if whole != '0' else ''}{whole}"


def _date(value: str) -> str:
    for form in _DATES:
        try:
            return f'"{datetime.strptime(value, form).date().isoformat()}"'
        except ValueError:
            continue
    try:
        return f'"{date.fromisoformat(value[:10]).isoformat()}"'
    except ValueError:
        raise WrongValue(_("“%(value)s” is not a date.") % {"value": value[:60]}) from None


def _boolean(value: str) -> str:
    word = value.lower()
    if word in _YES:
        return "true"
    if word in _NO:
        return "false"
    raise WrongValue(_("“%(value)s” is neither yes nor no.") % {"value": value[:60]})


def _parts(value: str) -> list[str]:
    return [part.strip() for part in SEPARATORS.split(value) if part.strip()]


def _choices(value: str) -> str:
    return "[" + ",".join(map(encode_basestring, dict.fromkeys(_parts(value)))) + "]"


# kind → JSON text of a value that is not empty and has no space around it
ENCODERS: dict[str, Callable[[str], str]] = {
    ContactField.Kind.TEXT: encode_basestring,
    ContactField.Kind.CHOICE: encode_basestring,
    ContactField.Kind.NUMBER: _number,
    ContactField.Kind.DATE: _date,
    ContactField.Kind.BOOLEAN: _boolean,
    ContactField.Kind.CHOICES: _choices,
}


@lru_cache(maxsize=500)
def encoder_of(kind: str, options: tuple[str, ...] = ()) -> Callable[[str], str]:
    """What turns a stripped, non-empty text into the JSON text of one field's value, or raises WrongValue.

    Where a choice has options, the value is one of them, whatever its case and accents; without any, each is taken.
    """
    if kind not in (ContactField.Kind.CHOICE, ContactField.Kind.CHOICES) or not options:
        return ENCODERS[kind]
    spelled = {folded(option): option for option in options}

    def chosen(value: str) -> str:
        try:
            return spelled[folded(value)]
        except KeyError:
            words = ", ".join(options[:12]) + (", …" if len(options) > 12 else "")
            said = {"value": value[:60], "options": words}
            raise WrongValue(_("“%(value)s” is none of the choices: %(options)s.") % said) from None

    if kind == ContactField.Kind.CHOICE:
        return lambda value: encode_basestring(chosen(value))
    return lambda value: "[" + ",".join(map(encode_basestring, dict.fromkeys(map(chosen, _parts(value))))) + "]"


def value_of(field: ContactField, text: str) -> Any:
    """A text as the value of a field, None for an empty one. Raises WrongValue, which names the field."""
    text = text.strip()
    if not text:
        return None
    try:
        if len(text) > MOST:
            raise WrongValue(_("This is longer than %(most)d characters.") % {"most": MOST})
        return json.loads(encoder_of(field.kind, tuple(field.options))(text))
    except WrongValue as error:
        raise WrongValue(named(field.label, str(error))) from None


def named(label: str, problem: str) -> str:
    """A problem with the field it is about, in the active language."""
    return pgettext("field: problem", "%(field)s: %(problem)s") % {"field": label, "problem": problem}


def as_text(value: Any) -> str:
    """A stored value as `value_of` reads it back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def in_words(field: ContactField, value: Any) -> str:
    """A stored value as a person reads it, in the active language."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field.kind == ContactField.Kind.DATE and isinstance(value, str):
        try:
            return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
        except ValueError:
            return value
    return as_text(value)
