"""Rows of a spreadsheet, one by one: the first sheet that holds any, values as a text file would have them."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from contacts.imports.archives import is_workbook, look_into
from contacts.imports.encodings import UnreadableFile
from contacts.imports.workbook import Attributes, LocalNames, Workbook, look_over, parser_of, shared_texts, unescaped

WIDEST = 501  # one more than can be read: the reading stops there, whatever the sheet claims
MOST_IN_A_CELL = 1_000_000  # characters; Excel itself writes no more than 32,767
_MOST_TEXTS = 400 << 20  # octets of a workbook's shared texts, which are held while it is read
_BLOCK = 1 << 16
_DIGITS = "0123456789"
_BROKEN = (BadZipFile, ExpatError, KeyError, ValueError, IndexError, OSError, EOFError, OverflowError, zlib.error)


class Sheet:
    """Iterates over (row number, cells as text); empty rows are passed over. Raises UnreadableFile at a damaged one."""

    def __init__(self, path: Path) -> None:
        self._size = path.stat().st_size
        self._line = 0
        self._share = 0.0  # of the sheet that is read
        members = look_into(path, name=_("the spreadsheet"))
        if not is_workbook(members):
            raise UnreadableFile(_("This is an archive, not a table; unpack it first."))
        self._sizes = {entry.filename: entry.file_size for entry in members}
        self._archive = ZipFile(path)
        try:
            self._book = look_over(self._archive)
            self._texts = self._shared_texts()
        except UnreadableFile:
            self._archive.close()
            raise
        except _BROKEN as error:
            self._archive.close()
            raise UnreadableFile(_damaged()) from error

    def _shared_texts(self) -> list[str]:
        member = self._book.strings
        if member not in self._sizes:
            return []
        if self._sizes[member] > _MOST_TEXTS:
            raise UnreadableFile(_("The spreadsheet holds too many texts to be read; save it as CSV and try again."))
        return shared_texts(self._archive, member)

    def __enter__(self) -> "Sheet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for member in self._book.sheets:
            is_empty = True
            for line, cells in self._rows(member):
                is_empty = False
                yield line, cells
            if not is_empty:
                return

    def _rows(self, member: str) -> Iterator[tuple[int, list[str]]]:
        self._line = 0
        rows = _Rows(self._book, self._texts)
        parser = parser_of(start=rows.start, end=rows.end, text=rows.text)
        read = 0
        try:
            with self._archive.open(member) as stream:
                while block := stream.read(_BLOCK):
                    parser.Parse(block, False)
                    read += len(block)
                    self._share = read / max(self._sizes[member], 1)
                    found, rows.found = rows.found, []
                    for self._line, cells in found:
                        yield self._line, cells
                parser.Parse(b"", True)
        except UnreadableFile:
            raise
        except _BROKEN as error:
            line = max(self._line, rows.line - 1)
            message = _("The spreadsheet is damaged after row %(line)d.") % {"line": line} if line else _damaged()
            raise UnreadableFile(message) from error
        yield from rows.found

    def position(self) -> int:
        """How far in the file, in octets as far as what is unpacked of the sheet tells it."""
        return min(self._size, round(self._size * self._share))


def _damaged() -> str:
    return _("The spreadsheet is damaged and cannot be opened. Open it in Excel, save it again, and try again.")


class _Rows:
    """Gathers the rows of a sheet from what the parser meets."""

    def __init__(self, book: Workbook, texts: list[str]) -> None:
        self.found: list[tuple[int, list[str]]] = []
        self.line = 0
        self._dates = book.dates
        self._epoch = MAC_EPOCH if book.counts_from_1904 else WINDOWS_EPOCH
        self._texts = texts
        self._names = LocalNames()
        self._columns: dict[str, int] = {}  # by letters
        self._cells: list[str] = []
        self._column = 0
        self._kind = self._style = ""
        self._parts: list[str] = []
        self._length = 0
        self._is_reading = False
        self._spoken = 0

    def start(self, name: str, attributes: Attributes) -> None:
        local = self._names[name]
        if local == "c":
            self._begin_cell(attributes)
        elif local in ("v", "t"):
            self._is_reading = not self._spoken
        elif local == "row":
            number = attributes.get("r")
            self.line = int(number) if number else self.line + 1
            self._cells, self._column = [], 0
        elif local == "rPh":
            self._spoken += 1

    def _begin_cell(self, attributes: Attributes) -> None:
        place = attributes.get("r")
        if place:
            letters = place.rstrip(_DIGITS)
            self._column = self._columns.get(letters) or self._numbered(letters)
        else:
            self._column += 1
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._parts.clear()
        self._length = 0

    def _numbered(self, letters: str) -> int:
        number = 0
        for letter in letters.upper():
            number = 26 * number + ord(letter) - 64
        self._columns[letters] = number = min(max(number, 1), WIDEST + 1)
        return number

    def text(self, data: str) -> None:
        if self._is_reading:
            self._length += len(data)
            if self._length > MOST_IN_A_CELL:
                raise UnreadableFile(
                    _("A cell of row %(line)d holds more than a million characters: this is not a table of contacts.")
                    % {"line": self.line}
                )
            self._parts.append(data)

    def end(self, name: str) -> None:
        local = self._names[name]
        if local in ("v", "t"):
            self._is_reading = False
        elif local == "c":
            if self._parts and self._column <= WIDEST:
                self._put(self._value("".join(self._parts)))
        elif local == "row":
            cells = self._cells
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                self.found.append((self.line, cells))
        elif local == "rPh":
            self._spoken -= 1

    def _put(self, value: str) -> None:
        cells, index = self._cells, self._column - 1
        if index > len(cells):
            cells.extend([""] * (index - len(cells)))
        if index == len(cells):
            cells.append(value)
        else:
            cells[index] = value

    def _value(self, raw: str) -> str:
        kind = self._kind
        if kind == "s":
            return as_text(self._texts[int(raw)])
        if kind == "n":
            if self._style in self._dates:
                return self._day(raw)
            return raw if raw.isdecimal() else as_text(float(raw))
        if kind == "b":
            return "true" if raw.strip() in ("1", "true") else "false"
        if kind == "d":
            return as_text(datetime.fromisoformat(raw))
        return as_text(unescaped(raw))

    def _day(self, raw: str) -> str:
        with suppress(OverflowError, ValueError):
            return as_text(from_excel(float(raw), self._epoch))
        return raw  # no day there is: as it stands


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
