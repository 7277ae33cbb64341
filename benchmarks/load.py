"""An HTTP client that costs little: keep-alive connections, one request in flight on each, as fast as answers come."""

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What came of it: seconds on the clock, seconds each answer took, and how often each status came."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        return 1_000 * sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class _Wire:
    """One connection: what it is sending, what it has read, and when its request began."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read = b""
        self.begun = 0.0

    def ask(self, request: bytes) -> None:
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def answered(self) -> int:
        """The status, when the answer is there whole; 0 until then."""
        self.read += self.socket.recv(65_536)
        head, found, body = self.read.partition(b"\r\n\r\n")
        if not found:
            return 0
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(body) < length:
            return 0
        self.read = body[length:]
        return int(head[9:12])


def load(port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send all requests over so many connections, each as soon as the one before on its connection is answered."""
    wires = [_Wire(port) for _ in range(min(connections, len(requests)))]
    poll = select.epoll()
    by_fd = {wire.socket.fileno(): wire for wire in wires}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    left, waiting = iter(requests), len(requests)
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    begun = time.perf_counter()
    for wire in wires:
        wire.ask(next(left))
    while waiting:
        for fd, _event in poll.poll():
            wire = by_fd[fd]
            if not (status := wire.answered()):
                continue
            latencies.append(time.perf_counter() - wire.begun)
            statuses[status] = statuses.get(status, 0) + 1
            waiting -= 1
            if request := next(left, None):
                wire.ask(request)
    seconds = time.perf_counter() - begun
    for wire in wires:
        wire.socket.close()
    return Load(seconds, latencies, statuses)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Thunderbird\r\n\r\n".encode()


def post(path: str, body: bytes, *, secret: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
