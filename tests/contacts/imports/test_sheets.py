"""What spreadsheets of other programs look like inside, and what is made to do harm."""

import tracemalloc
from pathlib import Path

import pytest

from contacts.imports import UnreadableFile
from contacts.imports.sheets import Sheet
from tests.contacts.imports.conftest import zipped

NAMES = (
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    f'<styleSheet {NAMES}><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def book(tmp_path: Path, *sheets: str, strings: str = "", settings: str = "", hidden: int | None = None) -> Path:
    """A workbook of these sheets' XML."""
    listed = "".join(
        f'<sheet name="s{n}" sheetId="{n}" r:id="rId{n}" state="{"hidden" if n == hidden else "visible"}"/>'
        for n in range(len(sheets))
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{KIND}/worksheet" Target="worksheets/s{n}.xml"/>' for n in range(len(sheets))
    )
    relations += f'<Relationship Id="t" Type="{KIND}/sharedStrings" Target="/xl/strings.xml"/>'
    relations += f'<Relationship Id="s" Type="{KIND}/styles" Target="styles.xml"/>'
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f"<workbook {NAMES}>{settings}<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/s{n}.xml": sheet for n, sheet in enumerate(sheets)},
    }
    if strings:
        parts["xl/strings.xml"] = strings
    path = tmp_path / "book"
    path.write_bytes(zipped(parts))
    return path


def sheet(rows: str) -> str:
    return f"<worksheet {NAMES}><sheetData>{rows}</sheetData></worksheet>"


def rows_of(path: Path) -> list[tuple[int, list[str]]]:
    with Sheet(path) as found:
        return list(found)  # type: ignore[arg-type]


def test_shared_texts_of_several_runs_without_how_they_are_pronounced(tmp_path: Path) -> None:
    strings = (
        f"<sst {NAMES}><si><t>email</t></si><si><r><t>Lé</t></r><r><t xml:space='preserve'>a </t></r></si>"
        "<si><t>美咲</t><rPh sb='0' eb='2'><t>みさき</t></rPh></si><si><t>a_x000D_b</t></si></sst>"
    )
    cells = "".join(f'<c r="{column}1" t="s"><v>{n}</v></c>' for n, column in enumerate("ABCD"))

    assert rows_of(book(tmp_path, sheet(f'<row r="1">{cells}</row>'), strings=strings)) == [
        (1, ["email", "Léa ", "美咲", "a\rb"])
    ]


def test_every_kind_of_cell(tmp_path: Path) -> None:
    cells = (
        '<c r="A3" t="inlineStr"><is><t>in</t></is></c><c r="C3" t="b"><v>1</v></c><c r="D3" t="e"><v>#N/A</v></c>'
        '<c r="E3" t="str"><f>A1&amp;"x"</f><v>cached</v></c><c r="F3"><v>33123456789</v></c><c r="G3"><v>1.5E1</v></c>'
        '<c r="H3" s="1"><v>45351</v></c><c r="I3" s="2"><v>45351.5</v></c>'
        '<c r="J3" t="d"><v>2024-02-29T00:00:00</v></c>'
        '<c r="K3" s="0"/><c r="L3"><f>NOW()</f></c>'
    )

    ((line, found),) = rows_of(book(tmp_path, sheet(f'<row r="3">{cells}</row>')))

    assert line == 3
    assert "|".join(found) == "in||true|#N/A|cached|33123456789|15|2024-02-29|2024-02-29 12:00:00|2024-02-29"


def test_days_counted_from_1904(tmp_path: Path) -> None:
    path = book(tmp_path, sheet('<row><c s="1"><v>43889</v></c></row>'), settings='<workbookPr date1904="1"/>')

    assert rows_of(path) == [(1, ["2024-02-29"])]


def test_elements_with_a_prefix_and_places_left_out(tmp_path: Path) -> None:
    prefixed = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        "<x:row><x:c><x:v>1</x:v></x:c><x:c/><x:c><x:v>2</x:v></x:c></x:row><x:row/>"
        "<x:row><x:c><x:v>3</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )

    assert rows_of(book(tmp_path, prefixed)) == [(1, ["1", "", "2"]), (3, ["3"])]


def test_the_first_sheet_that_is_seen_and_holds_anything(tmp_path: Path) -> None:
    one = '<row r="1"><c r="A1"><v>{}</v></c></row>'
    path = book(tmp_path, sheet(one.format(1)), sheet(""), sheet(one.format(3)), hidden=0)

    assert rows_of(path) == [(1, ["3"])]


def test_two_corners_of_a_sheet_cost_two_cells(tmp_path: Path) -> None:
    """Readers that make the table between them take hundreds of gigabytes for this file of a kilobyte."""
    path = book(tmp_path, sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>'))

    tracemalloc.start()
    found = rows_of(path)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == [(1, ["1"])]
    assert most < 5_000_000


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>', "cannot be opened"),
        (sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>7</v></c></row>'), "after row 1"),
        (sheet('<row r="1"><c t="inlineStr"><is><t>' + "x" * 1_000_001 + "</t></is></c></row>"), "A cell of row 1"),
        (sheet('<row r="one"><c><v>1</v></c></row>'), "cannot be opened"),
    ],
)
def test_what_is_damaged_says_where(tmp_path: Path, content: str, word: str) -> None:
    with pytest.raises(UnreadableFile, match=word):
        rows_of(book(tmp_path, content))
