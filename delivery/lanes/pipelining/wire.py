"""A session whose messages flow: a socket that never blocks, and the dialogue that says what is on it."""

import contextlib
import socket
import ssl

from delivery.lanes.pipelining.dialogue import Dialogue, Envelope, Verdict
from delivery.lanes.pipelining.replies import Garbled
from delivery.lanes.pipelining.session import Session

# One TLS record, and a piece the kernel takes at once: what is marked as given before an encrypted write is no more.
_TLS_PIECE = 16_384
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux


class Wire:
    """Put envelopes in with `give`; call `write` and `read` when the selector says so; verdicts come out of both."""

    def __init__(self, session: Session, dialogue: Dialogue) -> None:
        session.sock.setblocking(False)
        self.session = session
        self.dialogue = dialogue
        self.is_open = True
        self._buffer = memoryview(b"")
        self._marked = 0  # octets of the buffer already reported as given (TLS reports before it writes)

    def fileno(self) -> int:
        return self.session.sock.fileno()

    @property
    def wants_write(self) -> bool:
        return bool(self._buffer)

    @property
    def room(self) -> int:
        """How many envelopes may be given now."""
        return self.dialogue.room if self.is_open else 0

    def give(self, envelopes: list[Envelope]) -> list[Verdict]:
        self.dialogue.take(envelopes)
        return self.write()

    def write(self) -> list[Verdict]:
        """Give the kernel what it takes now. Verdicts only when the connection turned out to be gone."""
        while self.is_open:
            if not self._buffer:
                self._buffer = memoryview(self.dialogue.outgoing())
            if not self._buffer or self.dialogue.is_closing:
                break
            try:
                count = self._send()
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                break
            except OSError:
                # Replies already received are still there: the reading side finds them, then the end.
                self._buffer = memoryview(b"")
                break
            self._buffer = self._buffer[count:]
        return []

    def read(self) -> list[Verdict]:
        """Take what came, and write what it allows. At the end of the connection: what is certain about the rest."""
        try:
            octets = self.session.sock.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return []
        except OSError:
            octets = b""
        if not octets:
            return self.end()
        try:
            verdicts = self.dialogue.received(octets)
        except Garbled:
            return self.end()
        if self.dialogue.is_mid_group:
            self._acknowledge_at_once()
        if self.dialogue.must_close:
            return verdicts + self.end()
        return verdicts + self.write()

    def _acknowledge_at_once(self) -> None:
        """Servers that answer a group in several small writes hold the next one back for our acknowledgement.

        Postfix 3.7 at level 3: 44 ms a message with the kernel's delayed acknowledgement, 1 ms so (November 2026).
        """
        if _QUICKACK is not None and self.is_open:
            with contextlib.suppress(OSError):
                self.session.sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def end(self) -> list[Verdict]:
        """Close now, and say what is certain."""
        self.is_open = False
        self._buffer = memoryview(b"")
        self.session.close()
        return self.dialogue.closed()

    def quit(self) -> None:
        """Leave politely when nothing is in flight."""
        self.is_open = False
        with contextlib.suppress(OSError):
            self.session.quit()

    def _send(self) -> int:
        sock = self.session.sock
        if not isinstance(sock, ssl.SSLSocket):
            count = sock.send(self._buffer)
            self.dialogue.sent(count)
            return count
        piece = self._buffer[:_TLS_PIECE]
        if len(piece) > self._marked:
            self.dialogue.sent(len(piece) - self._marked)
            self._marked = len(piece)
        count = sock.send(piece)
        self._marked -= count
        return count
