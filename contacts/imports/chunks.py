"""A file cut into chunks of checked rows. No database here: a chunk is read while the one before is merged."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from contacts.imports.checking import Checker, Loose, Reason, Refused, RowRefused, Staged
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
    tags: dict[str, list[str]] = field(default_factory=dict)  # tag → address keys
    # `staged` as COPY takes it, made by the reader; None where rows wait for their fields, or were taken off
    copied: str | None = None


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
            if not any(isinstance(row[7], Loose) for row in chunk.staged):
                chunk.copied = as_copied(chunk.staged)  # here, beside the database's work on the chunk before
            first += chunk.row_count
            yield chunk


def _next_chunk(rows: Iterator[tuple[int, list[str] | str]], checker: Checker, first: int, most: int) -> Chunk:
    chunk = Chunk(first=first)
    keys: set[str] = set()
    staged, sources, refused = chunk.staged, chunk.sources, chunk.refused
    check, tags_of = checker.check, checker.tags_of
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
        for name in tags_of(cells):
            chunk.tags.setdefault(name, []).append(row[1])
        staged.append(row)
        sources.append((line, cells))
        size += 200 if isinstance(row[7], str) and len(row[7]) < 200 else 10_000
        if size > CHUNK_CHARACTERS:
            break
    return chunk


def as_copied(staged: Sequence[Staged]) -> str:
    r"""Rows for `copy … (format csv, delimiter E'\x1f', quote E'\x01')`, each with its position and a new uuid.

    What was checked holds no control character: names and addresses are of one line, JSON escapes them. So nothing has
    to be quoted. The uuids are of version 7: random, but next to each other in their index; made here, because a server
    built without OpenSSL opens a device for each (3 µs).
    """
    noise = os.urandom(2 + 8 * len(staged)).hex()
    head = f"\x1f{time.time_ns() // 1_000_000:012x}7{noise[:3]}8"
    return "".join(
        f"{position}{head}{noise[16 * position + 4 : 16 * position + 19]}"
        f"\x1f{address}\x1f{key}\x1f{order}\x1f{first}\x1f{last}\x1f{language}\x1f{group}\x1f{fields}\x1f{fate}\n"
        for position, (address, key, order, first, last, language, group, fields, fate) in enumerate(staged)
    )
