"""A file cut into chunks of checked rows. No database here: a chunk is read while the one before is merged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from contacts.imports.checking import Checker, Reason, Refused, RowRefused, Staged
from contacts.imports.reading import open_rows

CHUNK_ROWS = 25_000
CHUNK_CHARACTERS = 16_000_000  # of addresses and fields, where rows are long


@dataclass(slots=True)
class Chunk:
    """Rows `first` and up, counted from 0 without the header and empty lines."""

    first: int
    row_count: int = 0
    byte_cursor: int = 0
    staged: list[Staged] = field(default_factory=list)
    sources: list[tuple[int, list[str]]] = field(default_factory=list)  # line and cells of each staged row
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows come from, and from which one on."""

    path: Path
    encoding: str
    delimiter: str
    has_header: bool
    is_sheet: bool = False
    skip: int = 0
    chunk_rows: int = CHUNK_ROWS


def chunks(source: Source, checker: Checker) -> Iterator[Chunk]:
    """The checked rows of a file. A key that stands twice in one chunk is refused here, across chunks by the merge."""
    with open_rows(
        source.path, is_sheet=source.is_sheet, encoding=source.encoding, delimiter=source.delimiter
    ) as table:
        rows = iter(table)
        first = source.skip
        for _header_or_merged in islice(rows, first + source.has_header):
            pass
        while True:
            chunk = _next_chunk(rows, checker, first, source.chunk_rows)
            chunk.byte_cursor = table.position()
            if not chunk.row_count:
                return
            first += chunk.row_count
            yield chunk


def _next_chunk(rows: Iterator[tuple[int, list[str] | str]], checker: Checker, first: int, most: int) -> Chunk:
    chunk = Chunk(first=first)
    keys: set[str] = set()
    staged, sources, refused = chunk.staged, chunk.sources, chunk.refused
    check = checker.check
    size = 0
    for line, cells in islice(rows, most):
        chunk.row_count += 1
        if isinstance(cells, str):
            refused.append(Refused(line, [cells], Reason.UNREADABLE))
            continue
        try:
            row = check(cells)
        except RowRefused as refusal:
            refused.append(Refused(line, cells, refusal.reason, refusal.detail))
            continue
        if row[1] in keys:
            refused.append(Refused(line, cells, Reason.DUPLICATE))
            continue
        keys.add(row[1])
        staged.append(row)
        sources.append((line, cells))
        size += 200 if isinstance(row[7], str) and len(row[7]) < 200 else 10_000
        if size > CHUNK_CHARACTERS:
            break
    return chunk
