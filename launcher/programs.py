"""The processes of an installation. One more is one more row here."""

import os
from dataclasses import dataclass
from pathlib import Path

from launcher.checkout import venv
from launcher.configuration import Configuration


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
        *(granian, "--interface", "wsgi", "--host", chosen.bind, "--port", str(chosen.port), "--no-ws"),
        # threads no more than the connections of the pool of each process (DATABASES in config/settings.py)
        *("--workers", str(min(4, cores)), "--blocking-threads", str(min(8, 2 * cores + 1))),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "warning"),
        "config.wsgi:application",
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
    bulk = ("-n", "worker@%h", "-Q", "bulk,events,default", "--concurrency", str(max(2, min(8, cores))))
    express = ("-n", "express@%h", "-Q", "transactional", "--concurrency", "1")
    # the schedule is in the code; its file only remembers when each tick was, and losing it loses nothing
    ticks = ("--scheduler", "celery.beat:Scheduler", "--pidfile=", "-s", str(state_folder / "beat"))
    return [
        Program("web", "green", 0, web),
        Program("catcher", "yellow", 2, (python, "manage.py", "catcher")),
        Program("worker", "blue", 1, (*worker, *bulk)),
        Program("express", "cyan", 1, (*worker, *express)),
        Program("beat", "magenta", 0, (celery, "--quiet", "-A", "config", "beat", *ticks)),
    ]


def loading_sample_data() -> Program:
    """A program that ends by itself: the sample data of a first look."""
    return Program("sample", "magenta", 0, (str(venv() / "bin" / "python"), "manage.py", "sample", "load"))
