"""A fresh PostgreSQL and Redis with the settings of production, for the time of one benchmark, and what they cost."""

import contextlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from launcher import keys
from launcher.servers import serving
from launcher.state import open_state

_TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def fresh_django() -> Iterator[int]:
    """Django on an empty, migrated database; yields the process id of its PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="envol-bench-"))
    folder.chmod(0o755)
    os.environ |= {"ENVOL_STATE": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    os.environ.setdefault("ENVOL_LOG_LEVEL", "WARNING")
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    try:
        state = open_state()
        keys.ensure(state)
        with serving(state) as servers:
            os.environ |= servers.env
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            assert servers.database is not None
            yield servers.database.process.pid
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cpu_of_tree(pid: int) -> float:
    """Seconds of CPU of a process, its living children and those it has waited for."""
    return sum(_cpu(child) for child in [pid, *_children(pid)])


def facts() -> str:
    """The machine, in one line."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select name, setting || coalesce(unit, '') from pg_settings where name in "
            "('server_version', 'shared_buffers', 'fsync', 'synchronous_commit', 'full_page_writes') order by name"
        )
        database = ", ".join(f"{name} {value}" for name, value in cursor.fetchall())
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), "?")
    return f"{model} × {os.cpu_count()}, Python {platform.python_version()}; {database}; commit {commit.strip()}"


def _cpuinfo() -> list[str]:
    with contextlib.suppress(OSError):
        return Path("/proc/cpuinfo").read_text().splitlines()
    return []


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICKS


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
