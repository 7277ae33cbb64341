"""What the launcher says: short lines, in colour where a person looks at a terminal."""

import os
import sys

_COLOURS = {"green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36, "red": 31, "bold": 1, "dim": 2}


def paint(text: str, colour: str) -> str:
    """`text` in `colour`, or as it is where nobody sees colours (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def say(line: str = "") -> None:
    """Print one line at once. A reader who went away (`| head`, a closed terminal) must not stop an orderly stop."""
    try:
        print(line, flush=True)
    except OSError:
        # the interpreter flushes once more at its end, and must not fail there either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def step(line: str) -> None:
    """Announce work that takes a while."""
    say(paint("› ", "cyan") + line)
