"""Octets to characters: byte order mark, then UTF-8 if the whole file is, else what the letters look most like."""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

BLOCK = 1 << 20
# What exports of French and English software come in, besides UTF-8; charset-normalizer chooses among these.
_LIKELY = ["cp1252", "iso8859_15", "mac_roman", "cp850", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030"]
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1a"))
_NO_TEXT = {
    b"PK\x03\x04": "ZIP",
    b"%PDF": "PDF",
    b"\x1f\x8b": "gzip",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"SQLite": "SQLite",
}
# UTF-8 with foreign octets in between: a file pasted together from two sources. Those octets are read as Windows-1252.
MIXED = "envol.mixed"


class UnreadableFile(ValueError):
    """The file cannot be imported; the message says why and what to do, in the active language."""


class NobodyInIt(UnreadableFile):
    """It can be read, and holds no row. In a ZIP with others, such a table is passed over."""


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(MIXED, _as_windows)


def errors_for(encoding: str) -> str:
    """The error handler to open a file of this encoding with: no octet stops an import."""
    return MIXED if encoding in ("utf-8", "utf-8-sig") else "replace"


def detect(path: Path) -> str:
    """The encoding of a whole file, read block by block. Raises UnreadableFile for what is no text."""
    with path.open("rb") as file:
        first = file.read(BLOCK)
        if not first.strip(b" \t\r\n\0"):
            raise UnreadableFile(_("The file is empty."))
        _refuse_known_formats(first)
        marked = next((name for mark, name in _MARKS if first.startswith(mark)), "") or _unmarked_utf16(first)
        if not marked:
            _refuse_binary(first)
        decoder = codecs.getincrementaldecoder("utf-8")()
        doubtful = b""
        block = first
        line = 1
        while block:
            ends = block.count(b"\n") or block.count(b"\r")
            if not ends and len(block) == BLOCK:
                raise UnreadableFile(
                    _("Line %(line)d is longer than a million characters: this is not a table of contacts.")
                    % {"line": line}
                )
            line += ends
            if not marked and not doubtful:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    doubtful = block
            block = file.read(BLOCK)
    return marked or (_of_letters(doubtful) if doubtful else "utf-8")


def _refuse_known_formats(first: bytes) -> None:
    if first.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            _("This is a spreadsheet of Excel 97, or one with a password. Save it as XLSX or CSV, without a password.")
        )
    for mark, name in _NO_TEXT.items():
        if first.startswith(mark):
            raise UnreadableFile(
                _("This is a file of the kind %(kind)s, not a text. Save it as CSV and try again.") % {"kind": name}
            )


def _refuse_binary(first: bytes) -> None:
    controls = len(first) - len(first.translate(None, _CONTROLS))
    if controls * 50 > len(first):
        raise UnreadableFile(_("This is not a text file. Export your contacts as CSV and try again."))


def _unmarked_utf16(first: bytes) -> str:
    """UTF-16 without its mark has a zero in every second octet of ordinary text."""
    start = first[:4000]
    odd, even = start[1::2].count(0), start[::2].count(0)
    if odd * 5 > len(start) and even * 10 < odd:
        return "utf-16-le"
    return "utf-16-be" if even * 5 > len(start) and odd * 10 < even else ""


def _of_letters(block: bytes) -> str:
    text = block.decode("utf-8", MIXED)
    foreign = len(block) - len(block.decode("utf-8", "ignore").encode())
    if sum(1 for letter in text if letter > "\x7f") > 4 * foreign:
        return "utf-8"
    lines = b"\n".join(line for line in block.splitlines() if not line.isascii())[:64_000]
    matches = from_bytes(lines, cp_isolation=_LIKELY)
    best = matches.best()
    windows = next((match for match in matches if match.encoding == "cp1252"), None)
    # Near a draw Windows-1252 wins: that is what spreadsheets of this part of the world write.
    if best is None or (windows is not None and windows.chaos <= best.chaos + 0.02):
        return "cp1252"
    return best.encoding
