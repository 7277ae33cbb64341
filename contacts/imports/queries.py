"""What the pages of an import show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common.paging import Page, page
from contacts.imports.mapping import NEW, NOTHING
from contacts.imports.reading import open_rows
from contacts.imports.recognising import BY_KEY, Platform
from contacts.imports.refused import explained
from contacts.imports.running import source_of
from contacts.models import ContactField, ContactImport, ImportedContact, ImportFinding, Suppression

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
    """Raises UnreadableFile, as where the file is gone."""
    source = source_of(job)
    found: list[list[str]] = []
    with open_rows(source.path, is_sheet=source.is_sheet, encoding=source.encoding, delimiter=source.delimiter) as rows:
        for line, cells in rows:
            if isinstance(cells, list) and (line > 1 or not job.has_header):
                found.append(cells)
            if len(found) == 2 * _SHOWN:
                break
    return found


def recognition_of(job: ContactImport) -> Platform | None:
    """The platform that wrote the file, as far as its columns tell."""
    return BY_KEY.get(job.recognised)


@dataclass(frozen=True, slots=True)
class Drift:
    """One figure that came out otherwise than the dry run said: contacts changed in between."""

    word: str
    said: int
    came: int


def drift_of(job: ContactImport) -> list[Drift]:
    """What the run did otherwise than the dry run said; empty where it was as said, or not tried, or not at its end."""
    if job.state != ContactImport.State.DONE or not job.trial:
        return []
    words = {
        "created_count": _("New"),
        "changed_count": _("Changed"),
        "unchanged_count": _("Unchanged"),
        "refused_count": _("Refused"),
        "kept_out_count": _("Stay out"),
    }
    told = [Drift(word, job.trial.get(name, 0), getattr(job, name)) for name, word in words.items()]
    return [row for row in told if row.said != row.came]


def undo_of(job: ContactImport) -> bool:
    """Whether there is something to undo. That nobody was written to is looked at when a person asks for it."""
    State = ContactImport.State
    if job.state not in (State.DONE, State.CANCELLED, State.FAILED) or not job.row_cursor:
        return False
    if job.kind == ContactImport.Kind.SUPPRESS:
        return bool(job.created_count)
    return ImportedContact.objects.filter(contact_import_id=job.pk, effect__gt=0).exists()


KINDS = {
    "new": ImportFinding.Kind.NEW,
    "changed": ImportFinding.Kind.CHANGED,
    "refused": ImportFinding.Kind.REFUSED,
    "out": ImportFinding.Kind.STAYS_OUT,
}


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding in words. `changes`: (field, value today, value it would have)."""

    line: int
    who: str
    contact_id: int | None
    why: str
    cells: list[str]
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Findings:
    """One page of one kind."""

    page: "Page[ImportFinding]"
    rows: list[FindingRow]


def findings_of(job: ContactImport, kind: str, *, cursor: str = "", size: int = 50) -> Findings:
    """What the dry run kept of one kind (a key of KINDS; another one is empty), in two statements."""
    found = ImportFinding.objects.filter(contact_import=job, kind=KINDS.get(kind, 0))
    shown = page(found, order=("pk",), cursor=cursor, size=size)
    labels = {str(number): label for number, label in ContactField.objects.values_list("pk", "label")}
    labels |= {"first_name": _("First name"), "last_name": _("Last name"), "language": _("Language")}
    return Findings(shown, [_in_words(row, labels) for row in shown.rows])


def shown_findings(job: ContactImport) -> dict[str, Findings]:
    """The first few of each kind, for the page of the dry run."""
    return {kind: findings_of(job, kind, size=6) for kind in KINDS}


def _in_words(row: ImportFinding, labels: Mapping[str, str]) -> FindingRow:
    told = row.details
    why = ""
    if row.kind == ImportFinding.Kind.REFUSED:
        why = told.get("detail") or explained(told["reason"])
    elif row.kind == ImportFinding.Kind.STAYS_OUT:
        reason = told.get("why")
        why = str(Suppression.Reason(reason).label) if reason else _("left the list")
    return FindingRow(
        line=row.line,
        who=told.get("name") or row.address,
        contact_id=row.contact_id,
        why=why,
        cells=told.get("cells", []),
        changes=[
            (labels.get(str(name), str(name)), _plain(old), _plain(new)) for name, old, new in told.get("changes", [])
        ],
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
