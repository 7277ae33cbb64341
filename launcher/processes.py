"""Starting child processes that end when the launcher does, however it ends.

The launcher has no threads: the function that ties a child to its parent runs between fork and exec.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from launcher.accounts import Account
from launcher.refusal import Refusal

_PR_SET_PDEATHSIG = 1


def _tied_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """A function for the child to call before exec: the kernel then sends it `death_signal` when we are gone."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os._exit(1)

    return tie


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
    cwd: Path | str = "/",
    death_signal: signal.Signals = signal.SIGTERM,
    output: int | IO[Any],
) -> "subprocess.Popen[bytes]":
    """Start a child in a session of its own, so that Ctrl-C reaches the launcher alone and it can stop things in order.

    Call it from the main thread: the kernel's death signal follows the thread that made the child.
    Raises Refusal where the program cannot be executed.
    """
    who: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_tied_to_parent(death_signal),
            **who,
        )
    except OSError as error:
        raise Refusal(f"Cannot run {command[0]}: {error.strerror}.") from error


def stop(child: "subprocess.Popen[bytes]", *, by: signal.Signals = signal.SIGTERM, patience: float = 20) -> bool:
    """Ask `child` to end and wait `patience` seconds, then kill its whole session. True when it ended by itself."""
    if child.poll() is None:
        child.send_signal(by)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        kill(child)
        return False
    return True


def kill(child: "subprocess.Popen[bytes]") -> None:
    """End `child` and everything in its session at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def in_foreground(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> int:
    """Run a program that talks to the terminal itself, and wait; its exit code.

    Ctrl-C is the program's to handle: the terminal sends it to both of us.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        tie = _tied_to_parent(signal.SIGTERM)

        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if tie:
                tie()

        child = subprocess.Popen(command, env=env, cwd=cwd, preexec_fn=prepare)
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    finally:
        signal.signal(signal.SIGINT, before)
