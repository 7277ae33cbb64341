"""Real processes in folders of their own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.accounts import servers_account
from launcher.checkout import ROOT
from launcher.state import State

# what the run of the tests has in its own environment
_NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "ENVOL_STATE", "ENVOL_KEYS", "ENVOL_URL", "PORT", "SAMPLE", "DEBUG")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space in its name that the servers' account can enter (pytest's own are closed to it)."""
    path = Path(tempfile.mkdtemp(prefix="envol test "))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def state(folder: Path) -> State:
    return State(folder, servers_account())


Envol = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def envol(folder: Path) -> Iterator[Envol]:
    """Starts `./envol ARGUMENTS` on the state in `folder`; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, program: str = "envol", **env: str) -> "subprocess.Popen[str]":
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        process = subprocess.Popen(
            [ROOT / program, *arguments],
            cwd=ROOT,
            env=inherited | {"ENVOL_STATE": str(folder)} | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
