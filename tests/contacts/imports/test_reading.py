import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports.checking import Checker, KnownFields
from contacts.imports.chunks import Source, chunks
from contacts.imports.encodings import UnreadableFile, detect
from contacts.imports.mapping import plan_of
from contacts.imports.reading import Rows, find_out, open_text

SENTENCE = "email;prénom\nzoé@société.example;Zoé\nlea@courriel.example;Noël, Françoise\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "mac_roman", "iso8859_15"],
)
def test_encodings_of_this_part_of_the_world_are_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes((SENTENCE * 20).encode(encoding))

    facts = find_out(path)

    assert facts.columns == ["email", "prénom"]
    assert facts.samples[0] == ["zoé@société.example", "Zoé"]
    assert facts.delimiter == ";"


def test_octets_of_windows_inside_utf8_are_read_as_such(tmp_path: Path) -> None:
    path = tmp_path / "pasted.csv"
    path.write_bytes("email,name\na@b.example,Zoé Noël Léa Inès Jérôme Maël\n".encode() + b"c@d.example,No\xebl\n")

    with open_text(path, detect(path)) as file:
        assert file.read().endswith("Jérôme Maël\nc@d.example,Noël\n")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\r\n \n", "empty"),
        (b"PK\x03\x04" + b"x" * 99, "ZIP"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, "Excel 97, or one with a password"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(256)) * 40, "not a text"),
        (b"a" * (2 << 20), "longer than a million"),
        ((",".join(f"c{n}" for n in range(501)) + "\n").encode(), "501 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "what.csv"
    path.write_bytes(content)

    with pytest.raises(UnreadableFile, match=word):
        find_out(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(delimiter.join(row) for row in (["email", "city"], ["a@b.example", "Aix, en Provence"])))

    assert find_out(path).delimiter == delimiter


def test_first_line_with_an_address_is_no_header(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("lea@courriel.example,Léa\nmarc@courriel.example,Marc\n")

    facts = find_out(path)

    assert not facts.has_header
    assert facts.columns == ["Column 1", "Column 2"]
    assert len(facts.samples) == 2


def read(text: str) -> list[tuple[int, list[str] | str]]:
    return list(Rows(io.StringIO(text, newline=""), ","))


def test_mixed_line_ends_and_quoted_breaks_count_physical_lines() -> None:
    assert read('a,b\r\nc,"d\r\ne"\rf,g\n\nh,i') == [
        (1, ["a", "b"]),
        (2, ["c", "d\r\ne"]),
        (4, ["f", "g"]),
        (6, ["h", "i"]),
    ]


def test_quote_never_closed_costs_its_own_line_only() -> None:
    rows = read('a,b\n"c,d\ne,f\ng,h\n')

    assert rows == [(1, ["a", "b"]), (2, '"c,d'), (3, ["e", "f"]), (4, ["g", "h"])]


def test_quote_never_closed_in_a_long_file_is_given_up_after_a_hundred_lines() -> None:
    rows = read('"a,b\n' + "c,d\n" * 5_000)

    assert rows[0] == (1, '"a,b')
    assert len(rows) == 5_001
    assert rows[-1] == (5_001, ["c", "d"])


def test_nul_becomes_the_sign_for_what_cannot_be_read() -> None:
    assert read("a\0b,c\n") == [(1, ["a\ufffdb", "c"])]


_CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(st.lists(st.lists(_CELL, min_size=2, max_size=4), min_size=1, max_size=8))
def test_whatever_the_csv_module_writes_is_read_back(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)

    assert [cells for _line, cells in read(text.getvalue())] == rows


def test_memory_is_flat_with_the_size_of_a_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        path.write_text("email,name\n" + "".join(f"p{n}@courriel.example,Camille {n}\n" for n in range(rows)))
        plan = plan_of({"0": "address", "1": "name"}, width=2, kinds={})
        source = Source(path=path, encoding="utf-8", delimiter=",", has_header=True, chunk_rows=250)
        tracemalloc.start()
        assert sum(len(chunk.staged) for chunk in chunks(source, Checker(plan, KnownFields()))) == rows
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(500)  # what is remembered of domains and names is there from now on
    assert peak(8_000) < 1.5 * peak(500) + 1_000_000
