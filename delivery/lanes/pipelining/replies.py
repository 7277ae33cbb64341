"""SMTP replies out of a stream of octets (RFC 5321 4.2)."""

import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463


class Garbled(Exception):
    """What came is no SMTP reply; the connection cannot be trusted any more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply: the three digits, and its text, lines joined by a line feed."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def is_positive(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        return 400 <= self.code < 600

    @property
    def is_temporary(self) -> bool:
        return 400 <= self.code < 500

    @property
    def enhanced(self) -> str:
        """The enhanced status code at the start of the text ("5.1.1"), or nothing."""
        found = _ENHANCED.match(self.text)
        return found[0] if found else ""

    @property
    def is_protocol_error(self) -> bool:
        """500 to 503 about the commands themselves: not a word about the message, its sender or its recipient."""
        return 500 <= self.code <= 503 and self.enhanced[:4] in ("", "5.5.")


class ReplyReader:
    """Gathers octets, gives whole replies. A reply counts only when its last line is complete."""

    __slots__ = ("_lines", "_rest")
    LONGEST = 64_000  # octets of one unfinished line or reply: more is no mail server

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def has_rest(self) -> bool:
        """Whether octets of an unfinished reply are waiting (nothing may be, when TLS starts)."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> list[Reply]:
        """The replies completed by these octets, in order. Raises Garbled."""
        *lines, self._rest = (self._rest + octets).split(b"\n")
        if len(self._rest) > self.LONGEST or len(self._lines) > 500:
            raise Garbled
        found = []
        for line in lines:
            if line[:3].isdigit() and line[3:4] in (b" ", b"\r", b""):
                self._lines.append(line[4:])
                found.append(Reply(int(line[:3]), self._text()))
            elif line[:3].isdigit() and line[3:4] == b"-":
                self._lines.append(line[4:])
            else:
                raise Garbled
        return found

    def _text(self) -> str:
        text = b"\n".join(line.rstrip(b"\r") for line in self._lines).decode("utf-8", "replace")
        self._lines.clear()
        return text
