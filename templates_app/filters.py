"""The filters a template may use: python-liquid's own, by allow-list, those that make text longer with a limit.

Limits on loops and output do not see what one filter makes in one step, and `replace` after `replace` grows without
end.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.utils import translation
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from liquid import Environment
from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterError
from liquid.filter import with_environment

LIMIT = 100_000  # characters


def _weigh(value: object) -> int:
    if isinstance(value, (list, tuple)):
        return sum(len(str(item)) for item in value[:LIMIT])
    return len(str(value))


def _grows(function: Callable[..., Any], size: Callable[..., int]) -> Callable[..., Any]:
    """`function`, refused before it starts when its result would pass the limit."""

    @wraps(function)
    def limited(value: Any, *args: Any, **named: Any) -> Any:
        if size(value, *args) > LIMIT:
            raise FilterError("text too long", token=None)
        return function(value, *args, **named)

    return limited


def _joined(value: object, *args: object) -> int:
    return _weigh(value) + sum(_weigh(argument) for argument in args)


def _replaced(value: object, old: object = "", new: object = "") -> int:
    text, wanted = str(value), str(old)
    return len(text) + (text.count(wanted) if wanted else len(text) + 1) * len(str(new))


def _join_size(value: object, separator: object = " ") -> int:
    count = len(value) if isinstance(value, (list, tuple)) else 1
    return _weigh(value) + count * _weigh(separator)


# Directive of strftime → the one that gives its number, and the names by number. Python's own names follow the
# locale of the process, which is English on a server.
_NAMES: dict[str, tuple[str, dict[int, Any]]] = {
    "%B": ("%m", MONTHS),
    "%b": ("%m", MONTHS_3),
    "%A": ("%u", {number + 1: name for number, name in WEEKDAYS.items()}),
    "%a": ("%u", {number + 1: name for number, name in WEEKDAYS_ABBR.items()}),
}


@with_environment
def date(value: Any, form: Any, *, environment: Environment) -> Any:
    """A date by strftime's directives, months and days of the week in the language of the text."""
    if not isinstance(form, str):  # undefined
        return misc.date(value, form, environment=environment)
    language = getattr(environment, "language", "en")

    def name(found: re.Match[str]) -> str:
        if found[0] not in _NAMES:
            return found[0]
        directive, names = _NAMES[found[0]]
        number = str(misc.date(value, directive, environment=environment))
        word = str(names[int(number)]) if number.isdigit() else found[0]
        return word.capitalize() if language == "en" else word.lower()

    with translation.override(language):
        # a form that is the author's own HTML stays so: liquid tells them by their class
        return misc.date(value, type(form)(re.sub(r"%.", name, form)), environment=environment)


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": math.abs_,
    "append": _grows(string.append, _joined),
    "at_least": math.at_least,
    "at_most": math.at_most,
    "capitalize": string.capitalize,
    "ceil": math.ceil,
    "date": date,
    "default": misc.default,
    "divided_by": math.divided_by,
    "downcase": string.downcase,
    "escape": string.escape,
    "first": array.first,
    "floor": math.floor,
    "join": _grows(array.join, _join_size),
    "last": array.last,
    "lstrip": string.lstrip,
    "minus": math.minus,
    "modulo": math.modulo,
    "newline_to_br": string.newline_to_br,
    "plus": math.plus,
    "prepend": _grows(string.prepend, _joined),
    "remove": string.remove,
    "replace": _grows(string.replace, _replaced),
    "replace_first": _grows(string.replace_first, _joined),
    "round": math.round_,
    "rstrip": string.rstrip,
    "size": misc.size,
    "slice": string.slice_,
    "sort": array.sort,
    "split": string.split,
    "strip": string.strip,
    "strip_html": string.strip_html,
    "times": math.times,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "uniq": array.uniq,
    "upcase": string.upcase,
    "url_encode": string.url_encode,
}
