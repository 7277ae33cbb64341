from pathlib import Path

import openpyxl

from contacts.imports.sheets import Sheet
from contacts.workbooks import write_workbook

ODD = ["<b>&amp;\"'", " spaces ", "line\nbreak\ttab", "_x0041_", "美咲 é 𝒳", "=1+1", "", "end"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    write_workbook(path, iter([["title"], ODD, ["nul\0 bell\a"]]))

    with Sheet(path) as sheet:
        assert [cells for _line, cells in sheet] == [["title"], ODD, ["nul\ufffd bell\ufffd"]]
    book = openpyxl.load_workbook(path)
    assert [cell.value for cell in book.worksheets[0][2]][4:] == ["美咲 é 𝒳", "=1+1", None, "end"]
    assert book.worksheets[0]["F2"].data_type == "s"


def test_more_rows_than_a_sheet_takes_go_to_the_next_with_the_titles(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    write_workbook(path, iter([["n"], *([str(n)] for n in range(5))]), most_rows=3)

    book = openpyxl.load_workbook(path)
    assert [[row[0].value for row in sheet.iter_rows()] for sheet in book.worksheets] == [
        ["n", "0", "1"],
        ["n", "2", "3"],
        ["n", "4"],
    ]


def test_titles_alone_are_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "nobody.xlsx"
    write_workbook(path, iter([["email"]]))

    assert openpyxl.load_workbook(path).worksheets[0]["A1"].value == "email"
