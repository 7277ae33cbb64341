"""What the launcher says. Results go to standard output, where a script may read them; all else to standard error."""

import os
import sys
from typing import TextIO

_COLOURS = {"green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "red": 31, "bold": 1}


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """`text` in `colour`, or as it is where nobody sees colours (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or not (stream or sys.stdout).isatty():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def say(line: str = "") -> None:
    """Print one line of a result."""
    _write(sys.stdout, line)


def step(line: str) -> None:
    """Announce work that takes a while."""
    _write(sys.stderr, paint("› ", "cyan", sys.stderr) + line)


def complain(line: str) -> None:
    """Say what stops the command."""
    _write(sys.stderr, paint(line, "red", sys.stderr))


def _write(stream: TextIO, line: str) -> None:
    try:
        stream.write(line + "\n")
        stream.flush()
    except OSError:
        # the reader went away (`| head`, a closed terminal): that must not get in the way of an orderly stop
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
