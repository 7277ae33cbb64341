"""The embedded Redis-compatible server: broker, cache and counters, on loopback, with a password."""

import secrets
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

from launcher import binaries, processes
from launcher.ports import free_port
from launcher.refusal import Refusal, in_plain_words
from launcher.state import State


@dataclass(frozen=True)
class Server:
    """A running Redis or Valkey."""

    process: "subprocess.Popen[bytes]"
    url: str


def start(state: State, *, throwaway: bool = False) -> Server:
    """Start the server; `throwaway` writes nothing to disk, for tests. Raises Refusal where it does not start."""
    shared = state.folder.parent if throwaway else state.folder
    program = binaries.redis(shared / "bin")
    folder = state.room("redis")
    password = secrets.token_hex(24)
    for _attempt in range(3):
        port = free_port()
        settings = [
            f"port {port}",
            "bind 127.0.0.1",
            f"requirepass {password}",
            f'dir "{folder}"',
            "daemonize no",
            'save ""',
            f"appendonly {'no' if throwaway else 'yes'}",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
        ]
        # in a file: on the command line every user of the machine could read the password
        with in_plain_words(folder):
            (folder / "redis.conf").write_text("\n".join(settings) + "\n")
        with state.log("redis") as log:
            process = processes.spawn([program, folder / "redis.conf"], account=state.account, output=log)
        if _is_ready(process, port, password):
            return Server(process, f"redis://:{password}@127.0.0.1:{port}/0")
    raise Refusal(f"{program.name} did not start: the reason is at the end of {state.folder / 'logs/redis.log'}")


def stop(process: "subprocess.Popen[bytes]") -> bool:
    """Stop with everything on disk. True unless it had to be killed."""
    return processes.stop(process, by=signal.SIGTERM, patience=20)


def _is_ready(process: "subprocess.Popen[bytes]", port: int, password: str, patience: float = 60) -> bool:
    until = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < until:
        if answers(port, password):
            return True
        time.sleep(0.01)
    processes.kill(process)
    return False


def answers(port: int, password: str) -> bool:
    """Whether the server on `port` takes the password and has loaded its data (Redis protocol, inline commands)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            told = b""
            while told.count(b"\r\n") < 2 and (more := connection.recv(512)):
                told += more
    except OSError:
        return False
    return told.endswith(b"+PONG\r\n")
