"""One octet shared by a worker and its children: set on SIGTERM, read before each window, so that none is left open."""

import mmap

# Anonymous and shared: children forked later see what the parent writes.
_flag = mmap.mmap(-1, 1)


def request_stop() -> None:
    _flag[0] = 1


def is_stopping() -> bool:
    return _flag[0] == 1
