"""The embedded PostgreSQL: a cluster in the state folder, on loopback, with a password."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher import binaries, processes
from launcher.ports import free_port
from launcher.refusal import Refusal, disk_full
from launcher.state import State
from launcher.terminal import step

# the line of postmaster.pid that says how far the server is (src/include/utils/pidfile.h, LOCK_FILE_LINE_PM_STATUS)
_STATUS_LINE = 7


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL."""

    process: "subprocess.Popen[bytes]"
    url: str
    is_new: bool


def start(state: State, *, throwaway: bool = False) -> Server:
    """Make the cluster if there is none and start it; `throwaway` trades safety on power loss for speed, for tests.

    Raises Refusal with the server's own words where it does not start.
    """
    shared = state.folder.parent if throwaway else state.folder
    programs = binaries.postgres(shared / "bin")
    data = state.folder / programs.parents[2].name
    passwords = _passwords(state)
    if throwaway and (data / "postmaster.pid").exists():
        _stop_orphan(state, programs, data)
        # written without fsync and not stopped in order: nobody knows what is in it
        shutil.rmtree(data)
    is_new = not (data / "PG_VERSION").exists()
    if is_new:
        step("Making the database …")
        _make_cluster(state, programs, data, passwords["superuser"])
    _stop_orphan(state, programs, data)
    process, port = _start_on_a_free_port(state, programs, data, throwaway)
    try:
        # no superuser: a hole in the application must not become one in the machine
        right = "CREATEDB" if throwaway else "NOCREATEDB"
        statements = _MAKE_DATABASE.format(right=right, password=passwords["role"])
        _psql(programs, port, passwords["superuser"], statements)
    except BaseException:
        stop(process)
        raise
    return Server(process, f"postgres://envol:{passwords['role']}@127.0.0.1:{port}/envol", is_new)


def stop(process: "subprocess.Popen[bytes]") -> bool:
    """Stop fast and clean: sessions end, everything is on disk. True unless it had to be killed."""
    return processes.stop(process, by=signal.SIGINT, patience=60)


def stop_at_once(process: "subprocess.Popen[bytes]") -> None:
    """Stop without a checkpoint, as a power cut would; nothing committed is lost. Does nothing to one that ended."""
    processes.stop(process, by=signal.SIGQUIT, patience=5)


def _passwords(state: State) -> dict[str, Any]:
    kept = state.read("embedded.json")
    if kept is None:
        kept = {"superuser": secrets.token_hex(24), "role": secrets.token_hex(24)}
        state.write("embedded.json", kept)
    return kept


def _run(state: State, command: list[str | Path]) -> None:
    """Run one of PostgreSQL's tools under the servers' account; raises Refusal with its own words."""
    child = processes.spawn(command, account=state.account, output=subprocess.PIPE, env=_clean_environment())
    told = child.communicate()[0].decode(errors="replace")
    if "No space left on device" in told:
        raise disk_full(state.folder)
    if child.returncode != 0:
        raise Refusal(f"{Path(command[0]).name} failed: {_reason(told)}")


def _make_cluster(state: State, programs: Path, data: Path, password: str) -> None:
    state.room(data.name)
    # initdb reads it under the servers' account, who alone enters this folder
    password_file = state.room("run") / "password"
    # the built-in collation gives the same order and the same lower() on every machine
    locale = "C.UTF-8" if os.uname().sysname == "Linux" else "C"
    command: list[str | Path] = [
        programs / "initdb",
        f"--pgdata={data}",
        "--username=postgres",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        f"--locale={locale}",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    try:
        password_file.write_text(password + "\n")
        _run(state, command)
    except BaseException:
        shutil.rmtree(data)
        raise
    finally:
        password_file.unlink(missing_ok=True)


def _stop_orphan(state: State, programs: Path, data: Path) -> None:
    """End a server that outlived its launcher (or is still stopping after it): we hold the lock, so it is nobody's."""
    pid = _postmaster_line(data, 0)
    if pid and str(data) in _command_line(pid):
        stopping: list[str | Path] = [programs / "pg_ctl", "stop", "-D", data, "-m", "fast", "-t", "60"]
        processes.spawn(stopping, account=state.account, output=subprocess.DEVNULL).wait()


def _command_line(pid: str) -> str:
    """How process `pid` was started; empty where there is none. A number in an old file may be anybody's by now."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    return subprocess.run(["ps", "-o", "args=", "-p", pid], capture_output=True, text=True, check=False).stdout


def _start_on_a_free_port(
    state: State, programs: Path, data: Path, throwaway: bool
) -> tuple["subprocess.Popen[bytes]", int]:
    for _attempt in range(3):
        port = free_port()
        command: list[str | Path] = [programs / "postgres", "-D", data]
        for setting in [*_settings(port), *(_UNSAFE if throwaway else ())]:
            command += ["-c", setting]
        with state.log("postgres") as log:
            begins_at = log.tell()
            process = processes.spawn(
                command, account=state.account, death_signal=signal.SIGINT, output=log, env=_clean_environment()
            )
        if _is_ready(process, data):
            return process, port
        told = _log_since(state, begins_at)
        if "Address already in use" not in told:
            break
    raise Refusal(f"PostgreSQL did not start: {_reason(told)} (all of it is in {state.folder / 'logs/postgres.log'})")


# for tests: nothing survives a power cut, and the machine's memory is left to the browser
_UNSAFE = ("fsync=off", "full_page_writes=off", "shared_buffers=128MB", "max_wal_size=1GB")


def _settings(port: int) -> list[str]:
    """Server settings: loopback only, memory by the size of the machine, a disk without moving parts."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_048_576
    return [
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "cluster_name=envol",
        "log_timezone=UTC",
        "timezone=UTC",
        f"shared_buffers={max(32, min(2048, memory_mb // 8))}MB",
        f"effective_cache_size={max(64, memory_mb // 2)}MB",
        f"maintenance_work_mem={max(16, min(512, memory_mb // 32))}MB",
        "max_wal_size=4GB",
        "random_page_cost=1.1",
        "jit=off",
    ]


def _clean_environment() -> dict[str, str]:
    """Without PGDATA, PGPORT and their like, which would steer the server from outside."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _is_ready(process: "subprocess.Popen[bytes]", data: Path, patience: float = 300) -> bool:
    """Wait until the server takes connections; False when it ended instead. Recovery after a crash may take minutes."""
    until = time.monotonic() + patience
    announced = time.monotonic() + 5
    while process.poll() is None and time.monotonic() < until:
        if _postmaster_line(data, 0) == str(process.pid) and _postmaster_line(data, _STATUS_LINE) == "ready":
            return True
        if time.monotonic() > announced:
            step("The database is recovering from an unclean stop …")
            announced = until
        time.sleep(0.01)
    processes.stop(process, by=signal.SIGQUIT, patience=5)
    return False


def _postmaster_line(data: Path, index: int) -> str:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return ""
    return lines[index].strip() if index < len(lines) else ""


def _log_since(state: State, position: int) -> str:
    with (state.folder / "logs" / "postgres.log").open("rb") as log:
        log.seek(position)
        return log.read().decode(errors="replace")


def _reason(told: str) -> str:
    """The first thing PostgreSQL called fatal, without its time stamp."""
    for line in told.splitlines():
        for word in ("FATAL:", "PANIC:", "ERROR:", "error:"):
            if word in line:
                return line.split(word, 1)[1].strip()
    return told.strip().splitlines()[-1] if told.strip() else "it said nothing"


# `right` and `password` come from this file and from a random number, never from outside
_MAKE_DATABASE = """
SELECT $$CREATE ROLE envol LOGIN {right} PASSWORD '{password}'$$
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'envol') \\gexec
SELECT 'CREATE DATABASE envol OWNER envol'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'envol') \\gexec
"""


def _psql(programs: Path, port: int, password: str, statements: str) -> None:
    address = ["--host=127.0.0.1", f"--port={port}", "--username=postgres", "--dbname=postgres"]
    done = subprocess.run(
        [programs / "psql", *address, "--no-psqlrc", "--quiet", "--tuples-only", "--set=ON_ERROR_STOP=1"],
        input=statements,
        env=_clean_environment() | {"PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Refusal(f"The database could not be prepared: {_reason(done.stderr)}")
