import os
import threading
import time

import pytest

from launcher.locks import Held, hold, joined, wait_for_users
from launcher.state import State


def test_a_second_command_is_told_who_has_the_folder(state: State) -> None:
    with (
        hold(state, "./envol run"),
        pytest.raises(Held, match=f"./envol run \\(process {os.getpid()}\\)") as held,
        hold(state, "x"),
    ):
        pass

    assert held.value.by == "./envol run"


def test_the_folder_is_free_again_afterwards(state: State) -> None:
    with hold(state, "./envol run"):
        pass
    with hold(state, "./envol test"):
        pass


def test_joining_waits_until_the_servers_are_there(state: State) -> None:
    publish = threading.Timer(0.2, lambda: state.write("servers.json", {"PORT": "1"}))
    with hold(state, "./envol run"):
        publish.start()
        with joined(state) as env:
            assert env == {"PORT": "1"}


def test_joining_gives_up_on_servers_that_never_come(state: State) -> None:
    with hold(state, "./envol run"), pytest.raises(Held), joined(state, patience=0):
        pass


# a launcher that was killed could not take its file away
def test_what_a_killed_command_published_is_gone_with_the_next_hold(state: State) -> None:
    state.write("servers.json", {"PORT": "1"})

    with hold(state, "./envol run"):
        assert state.read("servers.json") is None


def test_servers_wait_for_those_who_joined(state: State) -> None:
    state.write("servers.json", {"PORT": "1"})
    begun = time.monotonic()
    join = joined(state)
    join.__enter__()
    leave = threading.Timer(0.3, lambda: join.__exit__(None, None, None))
    leave.start()

    wait_for_users(state)

    assert time.monotonic() - begun >= 0.3
    assert state.read("servers.json") is None
