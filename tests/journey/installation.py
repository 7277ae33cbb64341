"""A whole installation on the tests' servers: the processes of `make run`, in the tests' own database."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from launcher import programs
from launcher.configuration import Configuration
from launcher.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = {"express"}  # nothing transactional is sent on this walk
PATIENCE = 120.0  # seconds, for a page that answers


@dataclass(frozen=True)
class Installation:
    """Where it is, and who may come in."""

    url: str
    email: str
    password: str


@contextlib.contextmanager
def running(state: Path, logs: Path) -> Iterator[Installation]:
    """Everything runs for the time of the block; what the processes say is in a file each in `logs`."""
    port = free_port()
    chosen = Configuration(
        bind="127.0.0.1",
        port=port,
        url=f"http://localhost:{port}",
        catcher_port=free_port(),
        sample=False,
    )
    env = os.environ | chosen.env | programs.ENVIRONMENT | _settings(state)
    redis.Redis.from_url(env["REDIS_URL"]).flushdb()  # rings of other tests
    owner = _first_steps(env, logs)
    crew: list[subprocess.Popen[bytes]] = []
    try:
        for program in programs.table(chosen, state):
            if program.name not in LEFT_OUT:
                log = (logs / f"{program.name}.log").open("wb")
                crew.append(subprocess.Popen(program.command, cwd=ROOT, env=env, stdout=log, stderr=log))
        _wait_for(chosen.port, crew)
        yield Installation(url=chosen.url, email=owner["email"], password=owner["password"])
    finally:
        for process in crew:
            process.terminate()
        for process in crew:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _settings(state: Path) -> dict[str, str]:
    """The settings people run, not the tests'; a state folder of its own with the keys of the tests."""
    if not os.environ.get("ENVOL_KEYS"):
        (state / "keys.json").write_bytes((Path(os.environ["ENVOL_STATE"]) / "keys.json").read_bytes())
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENVOL_STATE": str(state),
        "ENVOL_WEB": "",
        "ENVOL_LOG_LEVEL": "WARNING",
    }


def _first_steps(env: dict[str, str], logs: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "launcher.first_steps", "--collect-static"]
    with (logs / "first-steps.log").open("wb") as log:
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log, check=True)
    owner: dict[str, str] = json.loads(done.stdout)["owner"]
    return owner


def _wait_for(port: int, crew: list[subprocess.Popen[bytes]]) -> None:
    """Until all is well: database, Redis, a worker and the beat have been seen."""
    end = time.monotonic() + PATIENCE
    said = "nothing"
    while time.monotonic() < end:
        assert all(process.poll() is None for process in crew), "a process ended: its reason is in its log"
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("localhost", port, timeout=5)
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            said = answer.read().decode()
            if answer.status == 200:
                return
        time.sleep(0.3)
    raise AssertionError(f"not well after {PATIENCE:.0f} seconds: {said}")
