"""One command at a time starts and stops the servers of a state folder; others may join them meanwhile.

`lock` is held by the one, `users` is shared by the others. The kernel gives both back when a process ends.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from typing import IO

from launcher.refusal import Refusal, in_plain_words
from launcher.state import State, open_private
from launcher.terminal import step


class Held(Refusal):
    """Another command, `by`, has the state folder."""

    def __init__(self, state: State) -> None:
        told = state.read("lock") or {}
        self.by = str(told.get("command", "Another command"))
        super().__init__(
            f"{self.by} (process {told.get('pid', 'unknown')}) is already using {state.folder}: "
            f"stop it first, or choose another folder in ENVOL_STATE."
        )


def _opened(state: State, name: str) -> IO[str]:
    with in_plain_words(state.folder):
        return open_private(state.folder / name, "r+")


@contextlib.contextmanager
def hold(state: State, command: str) -> Iterator[None]:
    """Have the folder for `command` alone; raises Held, saying who has it, where another command does.

    The kernel gives the lock back when we end in whatever way.
    """
    with _opened(state, "lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Held(state) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "command": command}, file)
        file.flush()
        # a command that was killed has left it
        (state.folder / "servers.json").unlink(missing_ok=True)
        yield


@contextlib.contextmanager
def joined(state: State, patience: float = 120) -> Iterator[dict[str, str]]:
    """The environment of the servers that another command runs, kept alive until we leave.

    Waits while that command is still starting or already stopping them; raises Refusal after `patience` seconds.
    """
    with _opened(state, "users") as file:
        until = time.monotonic() + patience
        while not (env := _try_to_join(state, file)):
            if time.monotonic() > until:
                raise Held(state)
            time.sleep(0.1)
        yield env


def _try_to_join(state: State, users: IO[str]) -> dict[str, str] | None:
    try:
        fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    if running := state.read("servers.json"):
        return running
    fcntl.flock(users, fcntl.LOCK_UN)
    return None


def wait_for_users(state: State) -> None:
    """Before a short command stops its servers: let those who joined it finish."""
    with _opened(state, "users") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step("Another command still uses the database; it is stopped when that one ends.")
            fcntl.flock(file, fcntl.LOCK_EX)
        (state.folder / "servers.json").unlink(missing_ok=True)
