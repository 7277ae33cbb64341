"""The file of refused rows: the columns as they were, and why. Corrected, it can be imported as it is."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts.imports.checking import Reason, Refused

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def explained(reason: str) -> str:
    """A reason in plain words, in the active language."""
    return {
        Reason.MISSING: _("no address"),
        Reason.BROKEN: _("broken address"),
        Reason.DUPLICATE: _("the same address stands earlier in the file"),
        Reason.ERASED: _("asked to be erased; cannot be brought back by an import"),
        Reason.VALUE: _("a value does not fit its field"),
        Reason.TOO_LONG: _("a value is too long"),
        Reason.TOO_WIDE: _("more cells than the first line has columns"),
        Reason.UNREADABLE: _("a quote is opened and never closed"),
    }.get(Reason(reason), reason)


class RefusedFile:
    """Written chunk by chunk; what lies beyond the journal's mark was not committed and is cut off first."""

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None:
        self._path = path
        self._columns = list(columns)
        self._delimiter = delimiter

    def append(self, refused: Sequence[Refused], *, at: int) -> int:
        """Write rows after octet `at`; returns the octet after them, on disk before the journal says so."""
        if not refused:
            return at
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("r+b" if self._path.exists() else "w+b") as file:
            file.truncate(at)
            file.seek(at)
            if at == 0:
                # the byte order mark is for spreadsheets
                file.write(b"\xef\xbb\xbf" + self._lines([self._header()]))
            file.write(self._lines([self._row(row) for row in sorted(refused, key=lambda row: row.line)]))
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def _header(self) -> list[str]:
        return [*self._columns, "line", "reason", "explanation"]

    def _row(self, row: Refused) -> list[str]:
        cells = (row.cells + [""] * len(self._columns))[: max(len(self._columns), len(row.cells))]
        why = explained(row.reason)
        if row.detail:
            why = pgettext("reason: detail", "%(reason)s: %(detail)s") % {"reason": why, "detail": row.detail}
        return [*map(harmless, cells), str(row.line), str(row.reason), why]

    def _lines(self, rows: list[list[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter or ",").writerows(rows)
        return text.getvalue().encode()


def harmless(cell: str) -> str:
    """A cell no spreadsheet runs as a formula; the import takes the apostrophe off again."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
