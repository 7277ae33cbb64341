"""ZIP files: looked into before anything is unpacked, and only tables come out."""

import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from contacts.imports.encodings import UnreadableFile

MOST_FILES = 100
MOST_OCTETS = 4 << 30  # unpacked, all together
MOST_RATIO = 250  # deflate reaches a thousand on what is made to blow up; tables of contacts reach some twenty
_SMALL = 10 << 20  # below this a ratio says nothing
TABLES = {".csv", ".tsv", ".txt", ".tab", ".xlsx"}
_ARCHIVES = {".zip", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst"}
_BLOCK = 1 << 20


def is_zip(file: IO[bytes]) -> bool:
    """By its first octets, whatever it is called."""
    file.seek(0)
    mark = file.read(4)
    file.seek(0)
    return mark in (b"PK\x03\x04", b"PK\x05\x06")


def look_into(file: "Path | IO[bytes]", *, name: str) -> list[ZipInfo]:
    """The members of an archive that is safe to open; `name` is what people call it. Raises UnreadableFile."""
    try:
        with ZipFile(file) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile(_("“%(name)s” is a damaged ZIP file.") % {"name": name}) from error
    _refuse_bombs(members, name)
    for entry in members:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if ".." in path.parts or path.is_absolute() or ":" in path.parts[0] or "\0" in entry.filename:
            raise UnreadableFile(
                _("“%(name)s” holds a file whose name leads out of it (%(entry)s): refused.")
                % {"name": name, "entry": entry.filename[:100]}
            )
        if entry.flag_bits & 1:
            raise UnreadableFile(
                _("“%(entry)s” in “%(name)s” is protected by a password; make a ZIP without one.")
                % {"name": name, "entry": entry.filename[:100]}
            )
    return members


def _refuse_bombs(members: list[ZipInfo], name: str) -> None:
    # A workbook is made of parts, and has more of them than a parcel of tables.
    most = MOST_FILES if not is_workbook(members) else 20 * MOST_FILES
    if len(members) > most:
        raise UnreadableFile(
            _("“%(name)s” holds %(count)d files; up to %(most)d can be read.")
            % {"name": name, "count": len(members), "most": most}
        )
    size = sum(entry.file_size for entry in members)
    packed = sum(entry.compress_size for entry in members)
    if size > MOST_OCTETS or (size > _SMALL and size > MOST_RATIO * max(packed, 1)):
        raise UnreadableFile(
            _("“%(name)s” would unpack to %(size)d MB from %(packed)d kB: refused.")
            % {"name": name, "size": size >> 20, "packed": packed >> 10}
        )


def is_workbook(members: list[ZipInfo]) -> bool:
    """Whether a ZIP file is an XLSX workbook."""
    return any(entry.filename == "xl/workbook.xml" for entry in members)


def tables_in(members: list[ZipInfo], *, name: str) -> list[ZipInfo]:
    """The members that can be tables, in the order of their names. Raises UnreadableFile where there is none."""
    if any(entry.filename in ("mimetype", "content.xml") for entry in members):
        raise UnreadableFile(_("“%(name)s” is an OpenDocument file. Save it as XLSX or CSV.") % {"name": name})
    if any(entry.filename.startswith(("word/", "ppt/", "xl/workbook.bin")) for entry in members):
        raise UnreadableFile(_("“%(name)s” is an Office file that is no XLSX table.") % {"name": name})
    for entry in members:
        if PurePosixPath(entry.filename).suffix.lower() in _ARCHIVES:
            raise UnreadableFile(
                _("“%(name)s” holds another archive (%(entry)s); unpack that one first.")
                % {"name": name, "entry": entry.filename[:100]}
            )
    found = [entry for entry in members if _is_table(entry)]
    if not found:
        raise UnreadableFile(_("“%(name)s” holds no CSV, TSV or XLSX file.") % {"name": name})
    return sorted(found, key=lambda entry: entry.filename)


def _is_table(entry: ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in TABLES and not hidden and entry.file_size > 0


@contextmanager
def member(file: "Path | IO[bytes]", entry: ZipInfo, *, name: str) -> Iterator[IO[bytes]]:
    """One member, unpacked while it is read, never beyond what it declared. Raises UnreadableFile."""
    try:
        with ZipFile(file) as archive, archive.open(entry) as stream:
            yield stream
    except (BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableFile(
            _("“%(entry)s” in “%(name)s” is damaged.") % {"name": name, "entry": entry.filename[:100]}
        ) from error


def copy(stream: IO[bytes], target: Path) -> None:
    """A member to disk, block by block."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(stream, file, _BLOCK)
