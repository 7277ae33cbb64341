"""Pieces put together: as a whole, and with the dots of RFC 5321 doubled wherever they stand."""

import re

from hypothesis import given
from hypothesis import strategies as st

from delivery.octets import Octets, Shared

TEXT = st.lists(st.sampled_from([b".", b"..", b"a", b"\r\n", b"\r\n.", b"="]), max_size=8).map(b"".join)
WORD = st.sampled_from([b"", b"AbC-_9", b"a.b"])


@given(head=TEXT, pairs=st.lists(st.tuples(st.booleans(), TEXT, WORD, TEXT), max_size=6))
def test_dots_are_doubled_at_the_beginning_of_every_line_and_nowhere_else(
    head: bytes, pairs: list[tuple[bool, bytes, bytes, bytes]]
) -> None:
    """Own pieces are lines, which begin one and are followed by a line end, or tokens, which stand inside one."""
    shared, own, lines = [head], [], []
    for is_line, line, word, following in pairs:
        shared[-1] += b"\r\n" if is_line else b"x"
        if is_line:
            lines.append(len(own))
        own.append(line if is_line else word)
        shared.append((b"\r\n" if is_line else b"y") + following)
    octets = Octets(Shared(shared, lines=lines), own)

    whole = bytes(octets)
    assert octets.size == len(whole) == len(b"".join(octets.plain()))
    assert b"".join(octets.dotted()) == re.sub(rb"(\A|\r\n)\.", rb"\1..", whole)


def test_eight_bits_are_seen_in_every_piece() -> None:
    assert Octets(Shared([b"a", b"b"]), [b"c"]).isascii()
    assert not Octets(Shared([b"a", b"b"]), ["é".encode()]).isascii()
    assert not Octets(Shared(["é".encode(), b"b"]), [b"c"]).isascii()
