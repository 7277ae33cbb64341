"""Spreadsheets, ZIPs and what is wrong with them: each refused in a sentence, and nothing kept."""

import io
import os
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import translation

from contacts.imports import UnreadableFile, open_file, open_files
from contacts.imports.archives import MOST_FILES
from contacts.models import Contact, ContactField, ContactImport
from tests.contacts.imports.conftest import Importer, workbook, zipped

HEAD = ("email", "first_name", "since", "amount", "gone")


def opened(content: bytes, name: str) -> list[ContactImport]:
    return open_files(file=ContentFile(content), file_name=name, user=None)


def fields_of(contact: Contact) -> dict[str, Any]:
    keys = dict(ContactField.objects.values_list("pk", "key"))
    return {keys[int(number)]: value for number, value in contact.fields.items()}


def test_a_spreadsheet_is_imported_with_dates_and_numbers_as_written(run: Importer) -> None:
    ContactField.objects.create(key="since", label="since", kind=ContactField.Kind.DATE)
    ContactField.objects.create(key="amount", label="amount", kind=ContactField.Kind.NUMBER)
    content = workbook(
        HEAD,
        ("lea@courriel.example", "Léa", date(2024, 2, 29), 742, True),
        (None, None, None, None, None),
        ("marc@courriel.example", "Marc\nde Lyon", datetime(2025, 1, 1), 12.5, False),
        ("broken", "", None, None, None),
    )

    job = run(content, name="clients.xlsx")

    assert (job.created_count, job.reasons) == (2, {"broken": 1})
    lea, marc = Contact.objects.order_by("pk")
    assert fields_of(lea) == {"since": "2024-02-29", "amount": 742, "gone": "true"}
    assert fields_of(marc) == {"since": "2025-01-01", "amount": 12.5, "gone": "false"}
    assert marc.first_name == "Marc de Lyon"
    assert b",5,broken," in job.refused_file.read()  # the row of the sheet


def test_formulas_of_an_export_come_back_as_they_were(run: Importer) -> None:
    run(
        workbook(("email", "note"), ("lea@courriel.example", "'=1+1"), ("marc@courriel.example", "plain")),
        name="x.xlsx",
    )

    assert [fields_of(row) for row in Contact.objects.order_by("pk")] == [{"note": "=1+1"}, {"note": "plain"}]


def test_a_spreadsheet_called_csv_and_a_text_called_xlsx_are_read_for_what_they_are(db: None) -> None:
    (sheet,) = opened(workbook(("email",), ("lea@courriel.example",)), "people.csv")
    (text,) = opened(b"email\nlea@courriel.example\n", "people.xlsx")

    assert (sheet.format, text.format) == (ContactImport.Format.XLSX, ContactImport.Format.TEXT)


def test_a_tsv_in_a_zip(run: Importer) -> None:
    job = run(zipped({"folder/people.tsv": "email\tcity\nlea@courriel.example\tLyon\n"}), name="people.zip")

    assert (job.file_name, job.delimiter, job.created_count) == ("people.tsv", "\t", 1)


def test_a_spreadsheet_in_a_zip(run: Importer) -> None:
    content = zipped({"people.xlsx": workbook(("email",), ("lea@courriel.example",)), "__MACOSX/._people.xlsx": b"x"})

    assert run(content, name="people.zip").created_count == 1


def locked() -> bytes:
    """A ZIP whose first member says that it is encrypted."""
    content = bytearray(zipped({"people.csv": "email\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def bent() -> bytes:
    """A ZIP whose member is not what its checksum says."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("people.csv", "email\nlea@courriel.example\n")
    return content.getvalue().replace(b"lea@", b"LEA@")


def widest() -> bytes:
    """A sheet whose only row reaches the last column there is."""
    return workbook([*("c",) * 600, "email"])


def half_a_sheet() -> bytes:
    octets = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(("email",), ("a@b.example",)))) as old,
        zipfile.ZipFile(octets, "w") as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content[: len(content) // 2] if "sheet1" in entry.filename else content)
    return octets.getvalue()


BAD: dict[str, tuple[str, bytes | Any, str]] = {
    "bomb": ("b.zip", lambda: zipped({"a.csv": b"0" * (64 << 20)}), "b.zip” would unpack to 64 MB from"),
    "too many files": (
        "m.zip",
        lambda: zipped({f"{n}.csv": "email\n" for n in range(MOST_FILES + 1)}),
        "“m.zip” holds 101 files; up to 100",
    ),
    "traversal": ("t.zip", lambda: zipped({"../../etc/cron.csv": "email\n"}), "leads out of it .../../etc/cron.csv"),
    "absolute": ("t.zip", lambda: zipped({"/etc/passwd.csv": "email\n"}), "leads out of it"),
    "drive": ("t.zip", lambda: zipped({"C:\\people.csv": "email\n"}), "leads out of it"),
    "nested": (
        "n.zip",
        lambda: zipped({"inner.zip": zipped({"a.csv": "email\n"})}),
        "holds another archive .inner.zip",
    ),
    "disguised": ("d.zip", lambda: zipped({"a.csv": zipped({"b.csv": "email\n"})}), "a.csv: This is an archive"),
    "encrypted": ("e.zip", locked, "“people.csv” in “e.zip” is protected by a password"),
    "damaged": ("x.zip", lambda: b"PK\x03\x04" + os.urandom(200), "“x.zip” is a damaged ZIP file"),
    "checksum": ("c.zip", bent, "“people.csv” in “c.zip” is damaged"),
    "no table": ("p.zip", lambda: zipped({"photo.png": b"\x89PNG"}), "“p.zip” holds no CSV, TSV or XLSX file"),
    "opendocument": (
        "o.ods",
        lambda: zipped({"mimetype": "application/x", "content.xml": "<x/>"}),
        "an OpenDocument file",
    ),
    "word": ("w.docx", lambda: zipped({"word/document.xml": "<x/>"}), "an Office file that is no XLSX table"),
    "old excel": (
        "o.xls",
        lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 600,
        "o.xls: This is a spreadsheet of Excel 97, or one with a",
    ),
    "wide sheet": ("w.xlsx", widest, "w.xlsx: The first line has 501 columns; up to 500"),
    "no sheet": (
        "s.xlsx",
        lambda: zipped({"xl/workbook.xml": "<x/>"}),
        "s.xlsx: The spreadsheet is damaged and cannot be opened",
    ),
    "half a sheet": ("h.xlsx", half_a_sheet, "h.xlsx: The spreadsheet is damaged and cannot"),
    "empty sheet": ("e.xlsx", lambda: workbook(), "e.xlsx: No row can be read"),
    "a million columns": (
        "w.csv",
        lambda: b",".join([b"c"] * 400_000) + b"\n",
        "w.csv: The first line has 400000 columns; up to 500",
    ),
    "a line without end": ("l.csv", lambda: b"a" * (2 << 20), "l.csv: Line 1 is longer than a million characters"),
    "ten megabytes in a cell": (
        "c.csv",
        lambda: b"email,note\na@b.example,x\nc@d.example," + b"n" * (10 << 20) + b"\n",
        "c.csv: Line 3 is longer than a million characters",
    ),
    "only a header": ("h.csv", lambda: b"email,city\r\n", "h.csv: Only the titles of columns are in it"),
    "only a header in a sheet": ("h.xlsx", lambda: workbook(("email", "city")), "h.xlsx: Only the titles of columns"),
    "only headers in a ZIP": (
        "h.zip",
        lambda: zipped({"a.csv": "email\n", "b.csv": "email\n"}),
        "b.csv: Only the titles of columns",
    ),
    "nothing at all": ("z.csv", lambda: b"", "z.csv: The file is empty"),
    "no text": ("n.csv", lambda: bytes(range(256)) * 40, "n.csv: This is not a text file"),
    "a picture": ("p.csv", lambda: b"\x89PNG\r\n", "p.csv: This is a file of the kind PNG"),
    "empty": ("e.csv", lambda: b"\n\n", "e.csv: The file is empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused_by_name_and_nothing_is_kept(db: None, tmp_path: Path, name: str) -> None:
    file_name, content, word = BAD[name]

    with pytest.raises(UnreadableFile, match=word):
        opened(content(), file_name)

    assert not ContactImport.objects.exists()
    assert not list(tmp_path.rglob("imports/*"))


def sentence_about(name: str, language: str) -> str:
    file_name, content, _word = BAD[name]
    with translation.override(language), pytest.raises(UnreadableFile) as refusal:
        opened(content(), file_name)
    return str(refusal.value)


@pytest.mark.parametrize("name", BAD)
def test_every_refusal_speaks_french_too(db: None, name: str) -> None:
    assert sentence_about(name, "fr") != sentence_about(name, "en")


def test_one_bad_table_of_a_zip_refuses_the_zip(db: None, tmp_path: Path) -> None:
    content = zipped({"a.csv": "email\nlea@courriel.example\n", "b.csv": b"%PDF-1.7"})

    with pytest.raises(UnreadableFile, match=r"b\.csv: This is a file of the kind PDF"):
        opened(content, "both.zip")

    assert not ContactImport.objects.exists()
    assert not list(tmp_path.rglob("imports/*"))


def test_the_command_takes_a_zip_of_one_table_only(db: None) -> None:
    content = ContentFile(zipped({"a.csv": "email\na@b.example\n", "b.csv": "email\nc@d.example\n"}))

    with pytest.raises(UnreadableFile, match=r"“both\.zip” holds 2 tables; import them one by one"):
        open_file(file=content, file_name="both.zip", user=None)
    assert not ContactImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "reasons", "word"),
    [
        ("email\r\na@b.example\rc@d.example\n", {}, ""),
        ('email,city\n"a@b.example,Lyon\nc@d.example,Aix\n', {"unreadable": 1}, "never closed"),
        (
            "email,city\na.longer.address@courriel.example,Lyon\nnul\0@b.example,x\n",
            {"broken": 1},
            "not a valid address",
        ),
        ("email,city\na@b.example,x,y,z\n", {"too_wide": 1}, "more cells than the first line"),
        ("email,age\na@b.example,douze\n", {"value": 1}, "“douze” is not a number"),
        ("email,city\n" + "a" * 70 + "@b.example,x\n", {"broken": 1}, "not a valid address"),
    ],
)
def test_rows_that_cannot_be_read_cost_themselves(
    run: Importer, content: str, reasons: dict[str, int], word: str
) -> None:
    ContactField.objects.create(key="age", label="age", kind=ContactField.Kind.NUMBER)

    job = run(content)

    assert (job.state, job.reasons) == (ContactImport.State.DONE, reasons)
    assert not word or word in job.refused_file.read().decode()


def test_memory_is_flat_with_the_size_of_a_sheet(tmp_path: Path) -> None:
    import tracemalloc

    from contacts.imports.sheets import Sheet

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.xlsx"
        path.write_bytes(workbook(("email", "n"), *((f"p{n}@courriel.example", n) for n in range(rows))))
        tracemalloc.start()
        with Sheet(path) as sheet:
            assert sum(1 for _row in sheet) == rows + 1
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(4_000) < 2 * peak(400) + 500_000


PEOPLE = 'email;prénom;ville\r\nlea@courriel.example;Léa;Lyon\nmarc@courriel.example;Marc;"Aix\rles-Bains"\r'


@pytest.mark.parametrize(
    "content",
    [
        PEOPLE.encode("utf-16"),
        PEOPLE.encode("utf-16-le"),
        PEOPLE.encode("utf-16-be"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + PEOPLE.encode(),
        b"sep=;\r\n" + PEOPLE.encode(),
        b'\xef\xbb\xbf"sep=;"\n' + PEOPLE.encode(),
        b"\xef\xbb\xbf" + PEOPLE.replace("Lyon", "Lyon\0").encode(),
        PEOPLE.replace(";", "\t").encode("cp1252"),
        b"sep=^\n" + PEOPLE.replace(";", "^").encode(),
    ],
    ids=["utf-16", "no mark le", "no mark be", "mark twice", "sep", "mark and sep", "nul", "tabs cp1252", "sep caret"],
)
def test_however_it_is_written_the_same_people_come_in(run: Importer, content: bytes) -> None:
    job = run(content)

    assert (job.state, job.row_count, job.created_count, job.refused_count) == ("done", 2, 2, 0)
    assert [row.first_name for row in Contact.objects.order_by("pk")] == ["Léa", "Marc"]
    cities = [fields_of(row)["ville"].rstrip("\ufffd") for row in Contact.objects.order_by("pk")]
    assert cities == ["Lyon", "Aix\rles-Bains"]


def test_the_line_that_tells_the_delimiter_is_counted(run: Importer) -> None:
    job = run(b"sep=;\nemail;note\nlea@courriel.example;x\nbroken;y\n")

    assert b";4;broken;" in job.refused_file.read()


def test_columns_of_the_same_name_are_kept_apart(run: Importer) -> None:
    run("email,note,email,note\nlea@courriel.example,one,lea@other.example,two\n")

    assert Contact.objects.get().address == "lea@courriel.example"
    assert fields_of(Contact.objects.get()) == {"note": "one", "note_2": "two", "email_2": "lea@other.example"}


def test_a_row_of_a_million_cells_costs_itself(run: Importer) -> None:
    job = run(b"email,city\nlea@courriel.example,Lyon\nmarc@courriel.example" + b",x" * 400_000 + b"\n")

    assert (job.created_count, job.reasons) == (1, {"too_wide": 1})


def test_tables_of_a_zip_where_nobody_is_are_passed_over(db: None) -> None:
    (job,) = opened(zipped({"cleaned.csv": "email\n", "subscribed.csv": "email\nlea@courriel.example\n"}), "all.zip")

    assert job.file_name == "subscribed.csv"
