"""From an empty state folder to a page that answers, and back."""

import http.client
import re
import signal
from pathlib import Path

from launcher.ports import free_port
from tests.launcher.conftest import Envol


def _processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that know this state folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (path / "environ").read_bytes() + (path / "cmdline").read_bytes():
                found.append((path / "cmdline").read_bytes().decode())
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


def test_run_opens_the_page_and_stops_in_order(envol: Envol, folder: Path) -> None:
    port = free_port()
    process = envol("run", PORT=str(port), ENVOL_CATCHER_PORT=str(free_port()), SAMPLE="0")
    assert process.stdout is not None
    told = ""
    while "Ctrl-C stops it." not in told:
        line = process.stdout.readline()
        assert line, process.communicate()
        told += line

    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    connection.request("GET", "/accounts/login/")
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    process.send_signal(signal.SIGINT)
    rest, _errors = process.communicate()

    assert f"http://localhost:{port}/" in told
    assert re.search(r"login +owner@\S+\n +password +\S{12,}", told)
    assert answer.status == 200
    assert "password" in page
    assert rest.endswith("Stopped.\n")
    assert process.returncode == 0
    assert _processes_of(folder) == []
    assert not (folder / "servers.json").exists()
