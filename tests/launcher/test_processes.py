import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher import processes
from launcher.checkout import ROOT
from launcher.refusal import Refusal


def _is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_a_child_has_a_session_of_its_own() -> None:
    child = processes.spawn(["sleep", "60"], output=subprocess.DEVNULL)
    try:
        assert os.getsid(child.pid) == child.pid
    finally:
        assert processes.stop(child)


def test_a_child_that_does_not_listen_is_killed_with_all_of_its_own() -> None:
    script = "trap '' TERM; sleep 60 & echo $!; wait; sleep 60"
    child = processes.spawn(["sh", "-c", script], output=subprocess.PIPE)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())

    assert not processes.stop(child, patience=0.2)
    child.stdout.close()

    _wait_until_gone(grandchild)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Refusal, match="Cannot run /nowhere/postgres: No such file"):
        processes.spawn(["/nowhere/postgres"], output=subprocess.DEVNULL)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal")
def test_a_child_gets_its_signal_when_the_launcher_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "told"
    child = f"trap 'echo stopped > {told}; exit' INT; echo $$; while :; do sleep 0.05; done"
    launcher = (
        "import signal, subprocess, sys, time; from launcher.processes import spawn;"
        f"spawn(['sh', '-c', {child!r}], output=sys.stdout, death_signal=signal.SIGINT); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", launcher], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    _wait_until_gone(pid)
    assert told.read_text() == "stopped\n"


def _wait_until_gone(pid: int) -> None:
    until = time.monotonic() + 30
    while _is_alive(pid):
        assert time.monotonic() < until
        time.sleep(0.02)
