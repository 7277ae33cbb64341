"""Several flows in one thread: each goes on when its own connection is ready, and none pays for another's error."""

import socket
import time
from collections.abc import Iterator

import pytest

from delivery.lanes.contract import Await
from delivery.multiplex import run_together


def pair() -> tuple[socket.socket, socket.socket]:
    near, far = socket.socketpair()
    near.setblocking(False)
    return near, far


def reading(sock: socket.socket, heard: list[bytes], *, times: int, patience: float = 30) -> Iterator[Await]:
    waiting = Await(sock, patience=patience)
    for _ in range(times):
        yield waiting
        heard.append(b"late" if waiting.is_late else sock.recv(10))


def test_whoever_is_ready_goes_on() -> None:
    (near_a, far_a), (near_b, far_b) = pair(), pair()
    heard: list[bytes] = []
    far_b.send(b"b")

    def answering() -> Iterator[Await]:
        yield from reading(near_b, heard, times=1)
        far_a.send(b"a")  # only now can the other go on

    run_together([reading(near_a, heard, times=1), answering()])

    assert heard == [b"b", b"a"]


def test_whoever_has_begun_goes_on_before_the_next_begins() -> None:
    near, far = pair()
    heard: list[bytes] = []
    far.send(b"a")

    def beginning() -> Iterator[Await]:
        heard.append(b"b")
        yield from reading(near, heard, times=0)

    run_together([reading(near, heard, times=1), beginning()])

    assert heard == [b"a", b"b"]


def test_a_flow_that_opens_another_connection_with_the_same_number_is_watched_anew() -> None:
    heard: list[bytes] = []

    def reconnecting() -> Iterator[Await]:
        for _ in range(3):
            near, far = pair()
            far.send(b"x")
            yield from reading(near, heard, times=1)
            near.close()
            far.close()

    run_together([reconnecting(), reconnecting()])

    assert heard == [b"x"] * 6


def test_an_error_ends_its_own_flow_and_is_raised_after_the_others_are_through() -> None:
    near, far = pair()
    heard: list[bytes] = []
    far.send(b"x")

    def failing() -> Iterator[Await]:
        yield from reading(near, [], times=0)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run_together([failing(), reading(near, heard, times=1)])

    assert heard == [b"x"]


def test_a_connection_that_says_nothing_is_told_late() -> None:
    near, _far = pair()
    heard: list[bytes] = []
    begun = time.monotonic()

    run_together([reading(near, heard, times=1, patience=0.1)])

    assert heard == [b"late"]
    assert time.monotonic() - begun < 5


def test_answers_go_before_whoever_asks_for_a_turn() -> None:
    (near, far), done = pair(), list[str]()

    def slow(name: str) -> Iterator[Await]:
        for number in range(2):
            yield Await(None)
            done.append(f"{name}{number}")
            far.send(b"x")

    def answering() -> Iterator[Await]:
        for _ in range(4):
            yield Await(near, patience=30)
            done.append(near.recv(1).decode())

    run_together([answering(), slow("a"), slow("b")])

    assert done == ["a0", "x", "a1", "x", "b0", "x", "b1", "x"]
