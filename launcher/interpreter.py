"""Whether this Python can run Envol. Written so that an old one can still read it and say what is wrong."""

import os
import shutil
import sys

OLDEST = (3, 11)
_NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")


def ensure():  # type: () -> None
    """Return on a fitting Python; else run the same command in one that fits, or end with one sentence."""
    if os.name != "posix":
        sys.exit("Envol runs on Linux and macOS; on Windows, use it inside WSL 2.")
    if sys.version_info >= OLDEST:
        return
    for name in _NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found] + sys.argv)  # noqa: RUF005, S606 - old syntax for old interpreters, no shell
    told = (
        "Envol needs Python {}.{} or newer; this is {}.{}. Install a newer one (for instance python3.11) and run again."
    )
    sys.exit(told.format(*(OLDEST + sys.version_info[:2])))
