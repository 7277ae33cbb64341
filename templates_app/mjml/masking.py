"""Liquid stands aside while markup is read: its `<`, quotes and `>` are not markup.

For reading, each piece is covered by as many fillers, so that every offset stays true. For compiling, each piece
becomes a token, or a comment where a parser would move text out of a table; afterwards the pieces come back.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass

from templates_app.liquid import PIECE

FILL = "\ue000"
LESS = "qlqltq"  # a < of CSS, which mrml would read as a tag
_TOKEN = re.compile(rf"<!--qlq(\d+)q-->|qlq(\d+)q|{LESS}")
_KEYWORD = re.compile(r"\{%-?\s*(\w+)")


@dataclass(frozen=True, slots=True)
class Masked:
    source: str
    text: str  # as long as the source
    spans: list[tuple[int, int]]

    def between(self, start: int, end: int) -> range:
        """The numbers of the pieces that begin in this stretch."""
        return range(bisect_left(self.spans, (start, 0)), bisect_left(self.spans, (end, 0)))

    def with_tokens(self, start: int, end: int, *, as_comments: bool = False) -> str:
        """This stretch of the source with a token for each piece."""
        out, position = list[str](), start
        for number in self.between(start, end):
            begin, stop = self.spans[number]
            out += (self.text[position:begin], f"<!--qlq{number}q-->" if as_comments else f"qlq{number}q")
            position = stop
        return "".join(out) + self.text[position:end]

    def keyword(self, number: int) -> str:
        """if, endif, for, …; empty for an output, and for blocks that are one piece (comment, raw)."""
        begin, stop = self.spans[number]
        match = _KEYWORD.match(self.source, begin, stop)
        return match[1] if match and match[1] not in ("comment", "raw") else ""

    def restored(self, compiled: str) -> str:
        """The pieces back in the places of their tokens."""
        return _TOKEN.sub(self._piece, compiled)

    def _piece(self, match: "re.Match[str]") -> str:
        if match[0] == LESS:
            return "<"
        number = int(match[1] or match[2])
        if number >= len(self.spans):
            return match[0]
        begin, stop = self.spans[number]
        return self.source[begin:stop]


def mask(source: str) -> Masked:
    """Cover every piece of Liquid in `source`."""
    source = source.replace(FILL, " ")
    spans = [match.span() for match in PIECE.finditer(source)]
    text = PIECE.sub(lambda match: FILL * len(match[0]), source)
    return Masked(source, text, spans)


def html_with_tokens(masked: Masked) -> str:
    """A whole HTML text ready for a parser: tags of Liquid as comments between tags, everything else as tokens."""
    out, position = list[str](), 0
    for number, (begin, stop) in enumerate(masked.spans):
        is_in_tag = masked.text.rfind("<", 0, begin) > masked.text.rfind(">", 0, begin)
        as_comment = not is_in_tag and masked.source.startswith("{%", begin)
        out += (masked.text[position:begin], f"<!--qlq{number}q-->" if as_comment else f"qlq{number}q")
        position = stop
    return "".join(out) + masked.text[position:]
