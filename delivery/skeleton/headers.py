"""Header fields (RFC 5322, 2047): safe, folded, never cut inside a character."""

import re
from base64 import b64encode
from email.utils import formatdate
from functools import lru_cache

from django.utils.translation import gettext as _

from contacts.addresses import BrokenAddress, address_key, domain_of
from delivery.skeleton.errors import CannotFill

LINE = 78
_WORD_LINE = 76
_CHROME = len("=?utf-8?b??=")
_LONGEST_WORD = 900  # an unbroken word must still fit a line of 998
# CR, LF, NUL, every other control, and what some readers take for an end of line.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_BLANKS = re.compile(" +")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(
    r"[^\x00-\x20\x7f-\xa0\u2028\u2029<>()\[\]\\,;:\"@]+@[^\x00-\x20\x7f-\xa0\u2028\u2029<>()\\,;:\"@]+"
)


def safe(text: str, field: str) -> str:
    """`text` with its blanks made single. Raises CannotFill where a header could be broken out of."""
    if not text.isprintable():  # controls and separators are not, and it is five times as fast as looking for them
        if _UNSAFE.search(text):
            raise CannotFill(_("%(field)s holds a line break or another control character.") % {"field": field})
        text = text.replace("\t", " ")
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    return text.strip(" ")


def subject_field(text: str) -> str:
    """The whole Subject field for a text `safe` gave, without its last CRLF."""
    name = "Subject: "
    if not is_plain(text):
        return name + encoded_words(text, len(name))
    if len(name) + len(text) <= LINE:
        return name + text
    first, *words = text.split(" ")
    lines, line = list[str](), name + first
    for word in words:
        if len(line) + 1 + len(word) <= LINE:
            line += f" {word}"
        else:
            lines.append(line)
            line = f" {word}"
    return "\r\n".join([*lines, line])


def is_plain(text: str) -> bool:
    """Whether a text may stand in a header as it is."""
    if not text.isascii() or "=?" in text:
        return False
    return len(text) <= _LONGEST_WORD or all(len(word) <= _LONGEST_WORD for word in text.split(" "))


def encoded_words(text: str, used: int) -> str:
    """`text` as encoded words of at most 75 characters, folded; `used` is what already stands on the first line."""
    raw, start, words, room = text.encode("utf-8", "replace"), 0, list[str](), _WORD_LINE - used
    while start < len(raw):
        stop = start + (room - _CHROME) // 4 * 3
        while stop < len(raw) and raw[stop] & 0xC0 == 0x80:
            stop -= 1
        words.append(f"=?utf-8?b?{b64encode(raw[start:stop]).decode()}?=")
        start, room = stop, _WORD_LINE - 1
    return "\r\n ".join(words)


def mailbox_field(field: str, name: str, address: str) -> str:
    """`From: Name <address>`, folded before the address where it would be too long."""
    name = safe(name, field)
    if not name:
        return f"{field}: {address}"
    start = len(field) + 2
    if not is_plain(name):
        shown = encoded_words(name, start)
    elif _ATOMS.fullmatch(name):
        shown = name
    else:
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    last_line = len(shown.rpartition("\r\n")[2]) + (0 if "\r\n" in shown else start)
    gap = " " if last_line + 3 + len(address) <= LINE else "\r\n "
    return f"{field}: {shown}{gap}<{address}>"


def mailbox(address: str) -> tuple[str, bool]:
    """The address with its domain as A-label, and whether SMTPUTF8 is needed. Raises CannotFill for a broken one."""
    if not _ADDRESS.fullmatch(address):
        raise CannotFill(_("“%(address)s” is not an address that can stand in a header.") % {"address": address[:100]})
    if address.isascii():
        return address, False
    local, _at, _domain = address.rpartition("@")
    try:
        ascii_domain = domain_of(address_key(address))
    except BrokenAddress as error:
        raise CannotFill(str(error)) from error
    return f"{local}@{ascii_domain}", not local.isascii()


@lru_cache(maxsize=8)
def date_field(second: int) -> str:
    return f"Date: {formatdate(second).removesuffix('-0000')}+0000"  # -0000 would say that the zone is not known
