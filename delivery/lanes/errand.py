"""One blocking call run beside the thread that drives the lanes, and a bell for the selector when it is back."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from delivery.lanes.contract import Await


class Late(Exception):
    """The call did not come back in time; it may still be running, and what it did is unknown."""


class Errands:
    """One errand at a time: a provider's session is not made for two threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lane")
        self._heard, self._rung = socket.socketpair()
        self._heard.setblocking(False)

    def fileno(self) -> int:
        return self._heard.fileno()

    def run(self, call: Callable[[], Any], *, patience: float) -> Iterator[Await | Any]:
        """Awaits, then what `call` returned. Raises what it raised, or Late."""
        errand = self._pool.submit(call)
        errand.add_done_callback(lambda _: self._ring())
        waiting = Await(self, patience=patience)
        while not errand.done():
            yield waiting
            if waiting.is_late and not errand.done():
                raise Late
        with contextlib.suppress(BlockingIOError):
            self._heard.recv(64)
        yield errand.result()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile: nobody listens
            self._rung.send(b"!")

    def close(self) -> None:
        """Waits for nobody: an errand that is late ends when it ends."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._heard.close()
        self._rung.close()
