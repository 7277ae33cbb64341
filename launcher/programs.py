"""The processes of an installation. One more is one more row here."""

import os
from dataclasses import dataclass
from pathlib import Path

from launcher import configuration
from launcher.checkout import ROOT, venv
from launcher.configuration import Configuration, given_servers
from launcher.refusal import Refusal

# what all of them run with; Celery warns root of pickled tasks, and ours are JSON and nothing else is accepted
ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


@dataclass(frozen=True)
class Program:
    """One long-running process. Those of a lower `wave` are asked to stop first."""

    name: str
    colour: str
    wave: int
    command: tuple[str, ...]


def table(chosen: Configuration, state_folder: Path) -> list[Program]:
    """All programs, in the order they start; the first is the one people wait for."""
    bin_folder, cores = venv() / "bin", os.cpu_count() or 1
    python, granian, celery = (str(bin_folder / name) for name in ("python", "granian", "celery"))
    web = (
        *(granian, "--interface", "asgi", "--host", chosen.bind, "--port", str(chosen.port), "--no-ws"),
        *("--workers", str(min(4, cores)), "--backlog", "2048"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"),
        "config.asgi:application",
    )
    worker = (
        celery,
        "--quiet",
        "-A",
        "config",
        "worker",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    )
    bulk = ("-n", "worker@%h", "-Q", "bulk", "--concurrency", str(max(2, min(8, cores))))
    # sweeps, pauses and feedback wait for no batch
    desk = ("-n", "desk@%h", "-Q", "events,default", "--concurrency", "2")
    express = ("-n", "express@%h", "-Q", "transactional", "--concurrency", "1")
    # the schedule is in the code; its file only remembers when each tick was, and losing it loses nothing
    ticks = ("--scheduler", "celery.beat:Scheduler", "--pidfile=", "-s", str(state_folder / "beat"))
    return [
        Program("web", "green", 0, web),
        Program("catcher", "yellow", 2, (python, "manage.py", "catcher")),
        Program("worker", "blue", 1, (*worker, *bulk)),
        Program("desk", "blue", 1, (*worker, *desk)),
        Program("express", "cyan", 1, (*worker, *express)),
        Program("beat", "magenta", 0, (celery, "--quiet", "-A", "config", "beat", *ticks)),
    ]


def loading_sample_data() -> Program:
    """A program that ends by itself: the sample data of a first look."""
    return Program("sample", "magenta", 0, (str(venv() / "bin" / "python"), "manage.py", "sample", "load"))


def become(name: str, state_folder: Path) -> int:
    """Replace this process by program `name`, on servers that the environment names. For a process manager.

    Raises Refusal where there is no such program, or a server is missing.
    """
    chosen = configuration.from_environment()
    known = {program.name: program for program in table(chosen, state_folder)}
    if name not in known:
        raise Refusal(f"There is no process {name}; there are {', '.join(known)}.")
    if missing := {"DATABASE_URL", "REDIS_URL"} - given_servers().keys():
        raise Refusal(f"{' and '.join(sorted(missing))} must name your own servers; ./envol run brings some along.")
    command = known[name].command
    os.chdir(ROOT)
    env = os.environ | chosen.env | ENVIRONMENT | {"ENVOL_STATE": str(state_folder)}
    os.execve(command[0], command, env)  # noqa: S606 - no shell between
