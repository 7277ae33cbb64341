"""What stops a command: one sentence for the person who typed it."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path


class Refusal(Exception):
    """Something a person must know or put right; its text is the one sentence they read. The exit code is 1."""


def disk_full(where: Path) -> Refusal:
    return Refusal(f"The disk that holds {where} is full: make room and run the same command again.")


@contextlib.contextmanager
def in_plain_words(where: Path) -> Iterator[None]:
    """Turn what the operating system says about writing to `where` into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(where) from error
        raise Refusal(f"Cannot write to {error.filename or where}: {error.strerror}.") from error
