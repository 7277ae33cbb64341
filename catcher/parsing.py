"""Reads caught mail. Anything may be in it: what cannot be read is shown as it came, and nothing here raises."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import islice

HEADER_OCTETS = 64_000  # headers are read from so much of a message
PART_LIMIT = 200
SHOWN_CHARACTERS = 500_000  # of a text or source: a browser tab must live
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
# Lone surrogates (octets that fit no charset) and NUL are what PostgreSQL and UTF-8 cannot hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
_NEW_TAB = '<base target="_blank">'


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    kind: str
    size: int  # octets once decoded


@dataclass(slots=True)
class Letter:
    """A message taken apart for reading."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)


def summary(source: bytes) -> tuple[str, str]:
    """Subject and From header, decoded, at most 500 characters each; empty where there is none to read."""
    headers = {name.lower(): value for name, value in reversed(headers_of(source))}
    return headers.get("subject", "")[:500], headers.get("from", "")[:500]


def headers_of(source: bytes) -> list[tuple[str, str]]:
    """Every header in order, decoded."""
    end = _END_OF_HEADERS.search(source, 0, HEADER_OCTETS)
    block = source[: end.start() if end else HEADER_OCTETS]
    try:
        found = BytesHeaderParser(policy=policy.compat32).parsebytes(block).raw_items()
    except Exception:  # the parser raises whatever a stranger provokes
        return []
    return [(clean(name), decoded(value)) for name, value in found]


def letter_of(source: bytes) -> Letter:
    """Take a message apart: first HTML part, first text part, the rest as attachments."""
    letter = Letter(headers=headers_of(source))
    try:
        message = message_from_bytes(source, policy=policy.compat32)
        for part in islice(_leaves(message), PART_LIMIT):
            _file_part(letter, part)
    except Exception:  # nesting without end, broken encodings: show what was read so far, else the body as it is
        letter.text = letter.text or readable(source)
    return letter


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in order, without recursion."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting.extend(child for child in reversed(inner) if isinstance(child, Message))
        else:
            yield part


def _file_part(letter: Letter, part: Message) -> None:
    kind = part.get_content_type()
    name = part.get_filename()
    if kind == "text/html" and not letter.html and not name:
        letter.html = _text_of(part)
    elif kind == "text/plain" and not letter.text and not name:
        letter.text = _text_of(part)
    else:
        payload = part.get_payload(decode=True)
        size = len(payload) if isinstance(payload, bytes) else 0
        letter.attachments.append(Attachment(name=decoded(str(name or kind))[:200], kind=clean(kind)[:100], size=size))


def _text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else str(payload or "").encode(errors="replace")
    try:
        text = octets.decode(part.get_content_charset() or "utf-8", errors="replace")
    except (LookupError, ValueError):  # a charset nobody knows
        text = octets.decode("utf-8", errors="replace")
    return clean(text)


def decoded(text: str) -> str:
    """A header's words: encoded words decoded, folds undone; as it stands where that fails."""
    # octets outside ASCII come as lone surrogates; most often they are UTF-8
    text = text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
    with suppress(Exception):  # unknown charset, broken base64: as it stands
        text = str(make_header(decode_header(text)))
    return clean(" ".join(text.split()))


def clean(text: str) -> str:
    """Without what neither PostgreSQL nor UTF-8 can hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def readable(source: bytes) -> str:
    """The source for the eye, cut after SHOWN_CHARACTERS."""
    return clean(source[:SHOWN_CHARACTERS].decode("utf-8", errors="replace")).replace("\r\n", "\n")


def with_new_tabs(html: str) -> str:
    """The document with its links opening in a new tab, its doctype kept first so that it is laid out as it was."""
    head = _HEAD.search(html)
    place = head or _DOCTYPE.match(html)
    end = place.end() if place else 0
    return html[:end] + _NEW_TAB + html[end:]
