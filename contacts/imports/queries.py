"""What the pages of an import show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from contacts.imports.checking import Refused
from contacts.imports.mapping import NEW, NOTHING
from contacts.imports.reading import Rows, open_text
from contacts.imports.refused import explained
from contacts.models import ContactImport

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a running import goes. `seconds_left` is None before it can be told."""

    rows_per_second: int
    seconds_left: int | None


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One line of the page that matches columns."""

    name: str
    values: list[str]
    choice: Any  # the form's bound field
    state: str  # known, new or out


def recent() -> "QuerySet[ContactImport]":
    return ContactImport.objects.select_related("contact_list", "user")


def pace_of(job: ContactImport, *, now: datetime) -> Pace:
    if job.started_at is None or not job.row_count:
        return Pace(0, None)
    seconds = max(((job.finished_at or now) - job.started_at).total_seconds(), 0.001)
    left = (job.file_size - job.byte_cursor) * seconds / job.byte_cursor if job.byte_cursor else None
    return Pace(round(job.row_count / seconds), None if left is None else max(1, round(left)))


def reasons_of(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """(a reason in words, how many rows), the most frequent first."""
    return [(explained(reason), count) for reason, count in sorted(counts.items(), key=lambda pair: -pair[1])]


def problems_of(refused: Sequence[Refused]) -> list[dict[str, Any]]:
    """Refused rows with the reason in words."""
    return [{"line": row.line, "why": row.detail or explained(row.reason), "cells": row.cells} for row in refused]


def column_rows(job: ContactImport, form: Any) -> tuple[list[ColumnRow], int]:
    """The columns with their first values and choices, and how many were recognised."""
    samples = _first_rows(job)
    rows = []
    for index, name in enumerate(job.columns):
        values = [cells[index] for cells in samples if len(cells) > index and cells[index].strip()]
        target = job.mapping.get(str(index), NOTHING)
        state = "new" if target.startswith(NEW) else "known" if target else "out"
        rows.append(ColumnRow(name=name, values=values[:_SHOWN], choice=form[f"column_{index}"], state=state))
    return rows, sum(1 for row in rows if row.state == "known")


def _first_rows(job: ContactImport) -> list[list[str]]:
    path = Path(job.file.path)
    if not path.exists():
        return []
    found: list[list[str]] = []
    with open_text(path, job.encoding) as file:
        for line, cells in Rows(file, job.delimiter):
            if isinstance(cells, list) and (line > 1 or not job.has_header):
                found.append(cells)
            if len(found) == 2 * _SHOWN:
                break
    return found
