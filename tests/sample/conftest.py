"""A small sample, with a test inbox to take what is really sent."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from accounts.services import organisation
from catcher.server import serve
from delivery.services import ensure_catcher
from sample import services


@pytest.fixture
def test_inbox(transactional_db: None, settings: object) -> Iterator[int]:
    """The catcher's server in a thread, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings.CATCHER_PORT = port  # type: ignore[attr-defined]
    started = threading.Event()
    handles: dict[str, object] = {}

    async def run() -> None:
        stop = asyncio.Event()
        handles.update(loop=asyncio.get_running_loop(), stop=stop)
        await serve(port=port, stop=stop, ready=started.set)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert started.wait(5)
    organisation()
    ensure_catcher()
    yield port
    handles["loop"].call_soon_threadsafe(handles["stop"].set)  # type: ignore[attr-defined]
    thread.join(10)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the people: the same story, told quicker."""
    for name, number in (("FRENCH", 260), ("ENGLISH", 120), ("CLUB", 24)):
        monkeypatch.setattr(services, name, number)
