"""Hosts made of network namespaces: each reaches this machine's servers over a cable of its own, which can be cut.

One address stands for the servers on every host; a relay behind it leads to the loopback ports they really have.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

SERVERS = "10.213.0.1"


def why_not() -> str:
    """Why no hosts can be made here; empty when they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "the command ip (package iproute2) is missing"
    tried = subprocess.run(["ip", "netns", "add", "envol-try"], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", "envol-try"], capture_output=True, check=False)
    return tried.stderr.strip()


@dataclass
class Host:
    """One host; `cut` and `mend` act on its cable."""

    number: int
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"envol-h{self.number}"

    @property
    def cable(self) -> str:
        return f"envol-c{self.number}"

    def run(self, *command: str, env: dict[str, str]) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(["ip", "netns", "exec", self.name, *command], env=env)
        self.running.append(process)
        return process

    def cut(self) -> None:
        _ip("link", "set", self.cable, "down")

    def mend(self) -> None:
        _ip("link", "set", self.cable, "up")
        _ip("route", "replace", f"10.213.{self.number}.2/32", "dev", self.cable)


@contextlib.contextmanager
def hosts(count: int, ports: list[int]) -> Iterator[list[Host]]:
    """`count` hosts that reach `ports` of this machine's loopback at SERVERS."""
    made = [Host(number) for number in range(1, count + 1)]
    _remove(made)
    _ip("addr", "add", f"{SERVERS}/32", "dev", "lo")
    relays = [_relay(port) for port in ports]
    try:
        for host in made:
            _plug_in(host)
        yield made
    finally:
        for host in made:
            for process in host.running:
                process.kill()
                process.wait()
        for relay in relays:
            relay.close()
        _remove(made)


def _plug_in(host: Host) -> None:
    inside = f"envol-i{host.number}"
    _ip("netns", "add", host.name)
    _ip("link", "add", host.cable, "type", "veth", "peer", "name", inside)
    _ip("link", "set", inside, "netns", host.name)
    _ip("addr", "add", f"10.213.{host.number}.1/32", "dev", host.cable)
    host.mend()
    for command in (
        ("link", "set", "lo", "up"),
        ("addr", "add", f"10.213.{host.number}.2/32", "dev", inside),
        ("link", "set", inside, "up"),
        ("route", "add", f"{SERVERS}/32", "dev", inside),
        ("route", "add", f"10.213.{host.number}.1/32", "dev", inside),
    ):
        _ip("netns", "exec", host.name, "ip", *command)


def _remove(made: list[Host]) -> None:
    for host in made:
        for command in (("netns", "del", host.name), ("link", "del", host.cable)):
            subprocess.run(["ip", *command], capture_output=True, check=False)
    subprocess.run(["ip", "addr", "del", f"{SERVERS}/32", "dev", "lo"], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def _relay(port: int) -> socket.socket:
    listening = socket.create_server((SERVERS, port))
    threading.Thread(target=_accept, args=(listening, port), daemon=True).start()
    return listening


def _accept(listening: socket.socket, port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            near, _ = listening.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while octets := source.recv(65_536):
            sink.sendall(octets)
    for sock in (source, sink):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
