"""Keyset paging: a page costs the same on row ten and on row ten million, and never waits for a count."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows. `before` and `after` are cursors for the links, empty where there is nothing that way."""

    rows: list[Row]
    before: str
    after: str


def page(queryset: "QuerySet[Row]", *, order: Sequence[str], cursor: str = "", size: int = 50) -> Page[Row]:
    """Cut one page by keyset.

    `order` names columns as in order_by, unique in the end (finish with "pk") and all in one direction. `cursor` is
    what a former page gave as `before` or `after`; a damaged one shows the first page.
    """
    names = [name.lstrip("-") for name in order]
    descending = order[0].startswith("-")
    backwards, values = _read_cursor(cursor, len(names))
    if values:
        try:
            queryset = queryset.filter(_beyond(names, values, greater=descending == backwards))
        except (ValueError, TypeError, ValidationError):  # a cursor somebody edited
            backwards, values = False, []
    directions = [f"-{name}" if descending != backwards else name for name in names]
    rows = list(queryset.order_by(*directions)[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_before = has_more if backwards else bool(values)
    has_after = bool(values) if backwards else has_more
    return Page(
        rows=rows,
        before=_write_cursor("b", rows[0], names) if rows and has_before else "",
        after=_write_cursor("a", rows[-1], names) if rows and has_after else "",
    )


def _beyond(names: list[str], values: list[Any], *, greater: bool) -> Q:
    """(a, b) > (x, y) written as a > x or (a = x and b > y), which uses the same index."""
    word = "gt" if greater else "lt"
    condition = Q()
    for position, name in enumerate(names):
        equal = Q(**dict(zip(names[:position], values[:position], strict=True)))
        condition |= equal & Q(**{f"{name}__{word}": values[position]})
    return condition & Q(**{f"{names[0]}__{word}e": values[0]})


def _write_cursor(way: str, row: Model, names: list[str]) -> str:
    values = [_plain(getattr(row, name)) for name in names]
    return base64.urlsafe_b64encode(json.dumps([way, *values]).encode()).decode()


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _read_cursor(cursor: str, count: int) -> tuple[bool, list[Any]]:
    if not cursor:
        return False, []
    try:
        way, *values = json.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError, TypeError):
        return False, []
    if way not in ("a", "b") or len(values) != count or any(isinstance(v, (dict, list)) or v is None for v in values):
        return False, []
    return way == "b", values
