"""The parts of an XLSX file beside its rows: which sheets there are, the texts they share, which styles are dates.

Read as a stream by the parser of the standard library: reading into objects first takes ten times as long, and reading
at once memory without a limit.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

Attributes = dict[str, str]
_BLOCK = 1 << 16
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


class LocalNames(dict[str, str]):
    """Names of elements without their prefix, worked out once each."""

    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(":")[2]
        return local


def parser_of(
    *,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Any:
    """A parser that calls these. A document type is refused: no spreadsheet has one, and it can define entities."""
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    if end:
        parser.EndElementHandler = end
    if text:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_declaration: object) -> None:
    raise ExpatError("a document type")


def parse(stream: IO[bytes], parser: Any) -> None:
    """The whole of a part, block by block."""
    while block := stream.read(_BLOCK):
        parser.Parse(block, False)
    parser.Parse(b"", True)


def unescaped(text: str) -> str:
    """`_x000D_` and its like are how these files spell what XML cannot hold."""
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two halves are one letter


@dataclass(slots=True)
class Workbook:
    """Where its rows lie and how to read their cells."""

    sheets: list[str]  # names of members: in their order, hidden ones last
    strings: str  # the member of shared texts; empty where there is none
    dates: set[str]  # styles whose numbers are days
    counts_from_1904: bool


@dataclass(slots=True)
class _Found:
    sheets: list[tuple[bool, str]] = field(default_factory=list)  # is it hidden; the id of its relation
    counts_from_1904: bool = False


def look_over(archive: ZipFile) -> Workbook:
    """What the workbook says of itself. Raises ExpatError, KeyError where it is damaged."""
    found = _Found()

    def start(name: str, attributes: Attributes) -> None:
        local = name.rpartition(":")[2]
        if local == "workbookPr":
            found.counts_from_1904 = attributes.get("date1904") in ("1", "true")
        elif local == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            found.sheets.append((attributes.get("state", "visible") != "visible", relation))

    with archive.open(_WORKBOOK) as stream:
        parse(stream, parser_of(start=start))
    targets, kinds = _relations(archive)
    members = set(archive.namelist())
    sheets = [targets[relation] for _hidden, relation in sorted(found.sheets, key=lambda sheet: sheet[0])]
    return Workbook(
        sheets=[sheet for sheet in sheets if sheet in members],
        strings=kinds.get("sharedStrings", ""),
        dates=_date_styles(archive, kinds["styles"]) if kinds.get("styles") in members else set(),
        counts_from_1904=found.counts_from_1904,
    )


def _relations(archive: ZipFile) -> tuple[dict[str, str], dict[str, str]]:
    """Members by the id, and by the kind, of what the workbook relates to."""
    targets: dict[str, str] = {}
    kinds: dict[str, str] = {}

    def start(_name: str, attributes: Attributes) -> None:
        if target := attributes.get("Target"):
            member = target[1:] if target.startswith("/") else f"xl/{target}"
            targets[attributes.get("Id", "")] = member
            kinds[attributes.get("Type", "").rpartition("/")[2]] = member

    with archive.open(_RELATIONS) as stream:
        parse(stream, parser_of(start=start))
    return targets, kinds


def _date_styles(archive: ZipFile, member: str) -> set[str]:
    formats = dict(BUILTIN_FORMATS)
    dates: set[str] = set()
    inside = False
    count = 0

    def start(name: str, attributes: Attributes) -> None:
        nonlocal inside, count
        local = name.rpartition(":")[2]
        if local == "numFmt":
            formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif local == "cellXfs":
            inside = True
        elif inside and local == "xf":
            if is_date_format(formats.get(int(attributes.get("numFmtId", 0)), "")):
                dates.add(str(count))
            count += 1

    def end(name: str) -> None:
        nonlocal inside
        if name.rpartition(":")[2] == "cellXfs":
            inside = False

    with archive.open(member) as stream:
        parse(stream, parser_of(start=start, end=end))
    return dates


def shared_texts(archive: ZipFile, member: str) -> list[str]:
    """The texts that cells name by number, held while the sheet is read: the caller has looked at their size."""
    texts: list[str] = []
    parts: list[str] = []
    is_reading = False
    spoken = 0  # inside of a phonetic run: how it is pronounced is no part of the text
    local = LocalNames()

    def start(name: str, _attributes: Attributes) -> None:
        nonlocal is_reading, spoken
        kind = local[name]
        if kind == "t":
            is_reading = not spoken
        elif kind == "rPh":
            spoken += 1

    def end(name: str) -> None:
        nonlocal is_reading, spoken
        kind = local[name]
        if kind == "t":
            is_reading = False
        elif kind == "si":
            texts.append(unescaped("".join(parts)))
            parts.clear()
        elif kind == "rPh":
            spoken -= 1

    def text(data: str) -> None:
        if is_reading:
            parts.append(data)

    with archive.open(member) as stream:
        parse(stream, parser_of(start=start, end=end, text=text))
    return texts
