"""Rows of a text table, one by one, in flat memory: quoted line breaks, mixed line ends, NULs, quotes never closed."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TextIO

from django.utils.translation import gettext as _

from contacts.addresses import BrokenAddress, address_key
from contacts.imports.encodings import BLOCK, NobodyInIt, UnreadableFile, detect, errors_for
from contacts.imports.sheets import Sheet

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 500
MOST_LINES = 100  # of one row; more means that a quote was never closed
MOST_CHARACTERS = 1_000_000  # of one row
SAMPLE_ROWS = 50
# A first line by which spreadsheets of this part of the world are told the delimiter. It is no row.
_TOLD = re.compile(r'"?sep=([^\w\s"]|\t)"?[ ]*[\r\n]*', re.IGNORECASE)
_MARK = "\ufeff"  # of the byte order; some exports write it twice

csv.field_size_limit(4 * MOST_CHARACTERS)


class Table(Protocol):
    """Rows with their line, and how far they are."""

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]: ...

    def position(self) -> int:
        """Octets read so far, what is read ahead included: it is for a progress bar."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found out about a file before anything is read from it."""

    encoding: str
    delimiter: str
    has_header: bool
    columns: list[str]
    samples: list[list[str]]  # the first rows, as wide as the header


class _NeverClosed(Exception):
    """A quote was opened and the row does not end."""


class Rows:
    """Iterates over (line number, cells), or (line number, text) for a line that no table row can be read from.

    Empty lines are passed over. A row whose quote is never closed costs its own line only: reading goes on after it.
    """

    def __init__(self, file: TextIO, delimiter: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._held: list[str] = []  # the physical lines of the row being read
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        line, held = 1 + self._begin(), self._held
        reader = csv.reader(self._lines(), delimiter=self._delimiter)
        while True:
            try:
                for cells in reader:
                    first, line = line, line + len(held)
                    held.clear()
                    if any(cells):
                        yield first, cells
                return
            except (_NeverClosed, csv.Error):
                unreadable = held[0]
                self._again.extendleft(reversed(held[1:]))
                held.clear()
                yield line, unreadable.rstrip("\r\n")
                line += 1
                reader = csv.reader(self._lines(), delimiter=self._delimiter)

    def position(self) -> int:
        return self._file.buffer.tell()

    def _begin(self) -> int:
        """How many lines stand before the first row."""
        first = self._file.readline().lstrip(_MARK)
        if _TOLD.fullmatch(first):
            return 1
        self._again.append(first)
        return 0

    def _lines(self) -> Iterator[str]:
        held, size = self._held, 0
        for line in self._source():
            if "\0" in line:
                line = line.replace("\0", "\ufffd")
            size = size + len(line) if held else len(line)
            held.append(line)
            if len(held) > MOST_LINES or (size > MOST_CHARACTERS and len(held) > 1):
                raise _NeverClosed
            yield line
        if held:
            raise _NeverClosed

    def _source(self) -> Iterator[str]:
        while self._again:
            if line := self._again.popleft():
                yield line
        # Not `yield from` the file itself: a generator that ends closes what it delegates to.
        yield from iter(self._file.readline, "")


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as characters; line ends untouched, as the csv module asks."""
    return path.open(encoding=encoding, errors=errors_for(encoding), newline="", buffering=BLOCK)


@contextmanager
def open_rows(path: Path, *, is_sheet: bool, encoding: str, delimiter: str) -> Iterator[Table]:
    """The rows of a file of either kind. Raises UnreadableFile, a spreadsheet also in the middle of its rows."""
    if is_sheet:
        with Sheet(path) as sheet:
            yield sheet
    else:
        with open_text(path, encoding) as file:
            yield Rows(file, delimiter)


def find_out(path: Path, *, is_sheet: bool = False) -> FileFacts:
    """Encoding, delimiter and columns of a file. Raises UnreadableFile."""
    if is_sheet:
        with Sheet(path) as sheet:
            return _facts("", "", [cells for _line, cells in islice(sheet, SAMPLE_ROWS)], is_whole=True)
    encoding = detect(path)
    with open_text(path, encoding) as file:
        start = file.read(200_000)
    delimiter = _delimiter_of(start)
    with open_text(path, encoding) as file:
        found = [cells for _line, cells in islice(Rows(file, delimiter), SAMPLE_ROWS)]
    rows = [cells for cells in found if isinstance(cells, list)]
    return _facts(encoding, delimiter, rows, is_whole=len(rows) == len(found))


def _facts(encoding: str, delimiter: str, rows: list[list[str]], *, is_whole: bool) -> FileFacts:
    if not rows:
        raise UnreadableFile(_("No row can be read from the file: a quote is opened in its first line, never closed."))
    if len(rows[0]) > MOST_COLUMNS:
        raise UnreadableFile(
            _("The first line has %(count)d columns; up to %(most)d can be read.")
            % {"count": len(rows[0]), "most": MOST_COLUMNS}
        )
    has_header = not any(map(_is_address, rows[0]))
    if has_header and len(rows) == 1 and is_whole:
        raise NobodyInIt(_("Only the titles of columns are in it: there is nobody to import."))
    columns = [cell.strip() for cell in rows[0]]
    if not has_header:
        columns = [_("Column %(number)d") % {"number": number} for number in range(1, len(columns) + 1)]
    samples = rows[1:] if has_header else rows
    return FileFacts(
        encoding=encoding,
        delimiter=delimiter,
        has_header=has_header,
        columns=columns,
        samples=[_as_wide(cells, len(columns)) for cells in samples],
    )


def _delimiter_of(start: str) -> str:
    """The one the first line tells, else the one that cuts the first rows into the most columns, and as many."""
    first, *_rest = start.lstrip(_MARK).splitlines() or [""]
    if told := _TOLD.fullmatch(first):
        return told[1]
    scores = {delimiter: _score(start, delimiter) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: scores[delimiter])


def _score(start: str, delimiter: str) -> float:
    lines: Iterable[str] = start.replace("\0", "").splitlines(keepends=True)
    try:
        rows = [cells for cells in islice(csv.reader(lines, delimiter=delimiter), 40) if cells]
    except csv.Error:
        return 0.0
    width = len(rows[0]) if rows else 0
    alike = sum(1 for cells in rows if len(cells) == width)
    return (width - 1) * (alike / len(rows)) if width > 1 else 0.0


def _is_address(cell: str) -> bool:
    try:
        return bool(address_key(cell))
    except BrokenAddress:
        return False


def _as_wide(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * (width - len(cells)))[:width]
