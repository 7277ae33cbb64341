"""One part of a message, ready to be filled: quoted-printable lines that never change, and lines with slots."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from delivery.skeleton.doors import Door
from delivery.skeleton.pieces import Cut, DoorSlot, Piece, Values, ValueSlot
from delivery.skeleton.quoted import escaped, folded
from delivery.skeleton.state import State

_STAND_IN = 0xE000  # private characters stand for tokens while their line is cut
_RUNS = re.compile("([\ue000-\uf8ff])\\1*")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the source in which something stands that only this person has."""

    template: str  # escaped, with a %s for each slot
    slots: tuple[Piece, ...]
    values: tuple[tuple[str, Callable[[Values], str]], ...]  # the slots' (root, write), where all are plain values
    cut: Cut

    @classmethod
    def of(cls, pieces: Sequence[Piece], cut: Cut) -> "Line":
        """`pieces` with their strings escaped."""
        slots = tuple(piece for piece in pieces if not isinstance(piece, str))
        values = tuple((slot.root, slot.write) for slot in slots if isinstance(slot, ValueSlot))
        template = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pieces)
        return cls(template, slots, values if len(values) == len(slots) else (), cut)

    def quoted(self, state: State) -> str:
        if self.values:
            values = state.values
            own = [escaped(write(values[root])) for root, write in self.values]
        else:
            own = [escaped(state.text(slot, self.cut)) for slot in self.slots]
        return folded(self.template % tuple(own))


@dataclass(frozen=True, slots=True)
class TokenHole:
    """Where a door's token goes, or the part of it that stands on this line."""

    name: str
    start: int
    stop: int | None


# Finished text, the place of a token, or a line to make for each person.
Chunk: TypeAlias = str | TokenHole | Line


def chunks_of(cut: Cut, doors: Mapping[str, Door], lengths: Mapping[str, int]) -> list[Chunk]:
    """The part in the order of its bytes. `lengths` of the tokens are known: so lines are cut where they will be."""
    maker = _Maker(cut, doors, lengths)
    for piece in cut.pieces:
        if isinstance(piece, str):
            maker.add_text(piece)
        else:
            maker.line.append(piece)
    maker.end_line()
    return maker.chunks


@dataclass(slots=True)
class _Maker:
    cut: Cut
    doors: Mapping[str, Door]
    lengths: Mapping[str, int]
    chunks: list[Chunk] = field(default_factory=list)
    line: list[Piece] = field(default_factory=list)

    def add_text(self, text: str) -> None:
        first, newline, rest = text.partition("\n")
        self.line.append(first)
        if not newline:
            return
        self.end_line()
        whole, newline, last = rest.rpartition("\n")
        self.finish(f"\r\n{folded(escaped(whole))}\r\n" if newline else "\r\n")
        self.line.append(last)

    def end_line(self) -> None:
        pieces = tuple(escaped(piece) if isinstance(piece, str) else piece for piece in self.line if piece != "")
        self.line = []
        if all(isinstance(piece, str | DoorSlot) for piece in pieces):
            self.cut_now(pieces)
        else:
            self.chunks.append(Line.of(pieces, self.cut))

    def cut_now(self, pieces: tuple[Piece, ...]) -> None:
        """Only tokens stand in this line: cut it once, with characters of the tokens' length in their places."""
        names, text = list[str](), ""
        for piece in pieces:
            if isinstance(piece, DoorSlot):
                door = self.doors[piece.name]
                stand_in = chr(_STAND_IN + len(names)) * self.lengths[piece.name]
                text += escaped(door.prefix) + stand_in + escaped(door.suffix)
                names.append(piece.name)
            else:
                text += str(piece)
        whole, position, used = folded(text), 0, [0] * len(names)
        for run in _RUNS.finditer(whole):
            self.finish(whole[position : run.start()])
            number, position = ord(run[1]) - _STAND_IN, run.end()
            start, used[number] = used[number], used[number] + len(run[0])
            stop = None if used[number] == self.lengths[names[number]] else used[number]
            self.chunks.append(TokenHole(names[number], start, stop))
        self.finish(whole[position:])

    def finish(self, text: str) -> None:
        if self.chunks and isinstance(self.chunks[-1], str):
            self.chunks[-1] += text
        elif text:
            self.chunks.append(text)
