"""Rows of a spreadsheet, one by one: the first sheet that holds any, values as a text file would have them."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from contacts.imports.archives import is_workbook, look_into
from contacts.imports.encodings import UnreadableFile

WIDEST = 501  # one more than can be read: the reading stops there, whatever the sheet claims
_MOST_TEXTS = 400 << 20  # octets of a workbook's shared texts, which are held while it is read
_BROKEN = (BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, OSError, EOFError, AttributeError)


class Sheet:
    """Iterates over (row number, cells as text); empty rows are passed over. Raises UnreadableFile at a damaged one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._line = 0
        members = look_into(path, name=_("the spreadsheet"))
        if not is_workbook(members):
            raise UnreadableFile(_("This is an archive, not a table; unpack it first."))
        if any(entry.file_size > _MOST_TEXTS for entry in members if entry.filename.endswith("sharedStrings.xml")):
            raise UnreadableFile(_("The spreadsheet holds too many texts to be read; save it as CSV and try again."))
        self._file = path.open("rb")  # a name without .xlsx, as uploads are kept under, openpyxl would not take
        try:
            self._book = load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
        except _BROKEN as error:
            self._file.close()
            raise UnreadableFile(
                _("The spreadsheet is damaged and cannot be opened. Open it in Excel, save it again, and try again.")
            ) from error

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()
        self._file.close()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for sheet in self._book.worksheets:
            is_empty = True
            for line, cells in self._rows(sheet):
                is_empty = False
                yield line, cells
            if not is_empty:
                return

    def _rows(self, sheet: Any) -> Iterator[tuple[int, list[str]]]:
        self._line = 0
        self._most = sheet.max_row or 1_048_576
        sheet.reset_dimensions()  # what a file says of its own size is a claim
        rows = iter(sheet.iter_rows(values_only=True))
        while True:
            try:
                row = next(rows, None)
            except _BROKEN as error:
                raise UnreadableFile(
                    _("The spreadsheet is damaged after row %(line)d.") % {"line": self._line}
                ) from error
            if row is None:
                return
            self._line += 1
            cells = [as_text(value) for value in row[:WIDEST]]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield self._line, cells

    def position(self) -> int:
        """How far in the file, in octets as far as rows tell it."""
        return min(self._size, self._size * self._line // max(self._most, self._line, 1))


def as_text(value: Any) -> str:
    """A cell's value: dates in ISO form, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
