"""What was said on the wire about one message, for whoever has to find out: commands and replies, never the body."""

from collections.abc import Iterator, Sequence

from delivery.lanes.pipelining.replies import Reply

LONGEST = 4_000  # characters: a server may say a great deal

Said = tuple[bytes, Reply | None]


def conversation(commands: Sequence[Said], *, body: bytes, final: Reply | None) -> str:
    """Lines "C: …" and "S: …". `body` stands in the place of the message; empty: none of it was written."""
    lines = [line for command, reply in commands for line in _exchange(command, reply)]
    if body:
        lines += _exchange(body, final)
        if final is None:
            lines.append("(the connection ended before the answer)")
    elif commands and commands[-1][1] is None:
        lines.append("(no answer)")
    return "\n".join(lines).replace("\x00", "")[:LONGEST]


def _exchange(command: bytes, reply: Reply | None) -> Iterator[str]:
    yield f"C: {command.decode('utf-8', 'replace').rstrip()}"
    if reply is not None:
        first, *rest = reply.text.split("\n")
        yield f"S: {reply.code}{'-' if rest else ' '}{first}"
        for number, line in enumerate(rest, 1):
            yield f"S: {reply.code}{'-' if number < len(rest) else ' '}{line}"
