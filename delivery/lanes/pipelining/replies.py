"""SMTP replies out of a stream of octets (RFC 5321 4.2)."""

import re

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463


class Garbled(Exception):
    """What came is no SMTP reply; the connection cannot be trusted any more."""


class Reply:
    """One whole reply: the three digits, and its lines. Decoded only where somebody reads it: most say 250."""

    __slots__ = ("_lines", "code", "is_positive")

    def __init__(self, code: int, lines: list[bytes]) -> None:
        self.code = code
        self.is_positive = 200 <= code < 300
        self._lines = lines

    @property
    def text(self) -> str:
        """What the server said, lines joined by a line feed."""
        return b"\n".join(line.rstrip(b"\r") for line in self._lines).decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

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

    __slots__ = ("_known", "_lines", "_rest")
    LONGEST = 64_000  # octets of one unfinished line or reply: more is no mail server
    MOST_KNOWN = 16

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        # A server says the same to every MAIL, RCPT and DATA: looked up, four replies cost 0.6 µs instead of 3.
        self._known: dict[bytes, Reply] = {}

    @property
    def has_rest(self) -> bool:
        """Whether octets of an unfinished reply are waiting (nothing may be, when TLS starts)."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> list[Reply]:
        """The replies completed by these octets, in order. Raises Garbled."""
        lines = (self._rest + octets).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > self.LONGEST or len(self._lines) > 500:
            raise Garbled
        found = []
        for line in lines:
            reply = self._known.get(line) if not self._lines else None
            if reply is None:
                reply = self._read(line)
            if reply is not None:
                found.append(reply)
        return found

    def _read(self, line: bytes) -> Reply | None:
        """The reply this line ends, if it ends one. Raises Garbled."""
        digits, mark = line[:3], line[3:4]
        if not digits.isdigit():
            raise Garbled
        if mark == b"-":
            self._lines.append(line[4:])
            return None
        if mark not in (b" ", b"\r", b""):
            raise Garbled
        reply = Reply(int(digits), [*self._lines, line[4:]])
        if self._lines:
            self._lines = []
        elif len(self._known) < self.MOST_KNOWN:
            self._known[line] = reply
        return reply
