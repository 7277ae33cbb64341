"""An XLSX file of text, written row by row: objects for its cells took five times as long, and hold nothing we need."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

MOST_ROWS = 1_048_576  # of a sheet, its titles included: Excel reads no more
MOST_CHARACTERS = 32_767  # of a cell
_BLOCK = 1_000  # rows
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# What XML has no word for, and what this format would take for its own way to spell such a character.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(path: Path, rows: Iterator[list[str]], *, most_rows: int = MOST_ROWS) -> None:
    """Write `rows`, the first of which are the titles of every sheet; every cell is text, so that none is a formula."""
    titles = next(rows)
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=5) as archive:
        count = 0
        row: list[str] | None = next(rows, None)
        while row is not None or not count:
            count += 1
            body = chain([titles], [row] if row is not None else [], islice(rows, most_rows - 2))
            _write_sheet(archive, f"xl/worksheets/sheet{count}.xml", body)
            row = next(rows, None)
        for name, content in _frame(count).items():
            archive.writestr(name, _HEAD + content)


def _write_sheet(archive: ZipFile, name: str, rows: Iterable[list[str]]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        file.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        waiting = iter(rows)
        while block := list(islice(waiting, _BLOCK)):
            file.write("".join(map(_row, block)).encode())
        file.write(b"</sheetData></worksheet>")


def _row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    if not text.isprintable():
        text = _UNWRITABLE.sub("\ufffd", text)
    if "_x" in text:
        text = _LIKE_AN_ESCAPE.sub("_x005F_", text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text[:MOST_CHARACTERS])}</t></is></c>'


def _frame(count: int) -> dict[str, str]:
    """The parts that name the sheets."""
    numbers = range(1, count + 1)
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{sheet_type}"/>' for number in numbers
    )
    sheets = "".join(f'<sheet name="Sheet{number}" sheetId="{number}" r:id="rId{number}"/>' for number in numbers)
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        f'ContentType="{sheet_type.replace("worksheet+xml", "sheet.main+xml")}"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
    }
