"""One request to an ASGI application, as a server makes it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

Application = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Answered:
    """What came back; header names in lower case. `was_taken`: what the application itself returned."""

    status: int
    headers: dict[str, str]
    body: bytes
    was_taken: Any


async def ask(
    app: Application,
    path: str,
    *,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Answered:
    """The application's answer; status 0 where it gave none."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in headers)],
        "server": ("localhost", 8000),
        "client": ("127.0.0.1", 50_000),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    was_taken = await app(scope, receive, send)
    start = sent[0] if sent else {"status": 0, "headers": []}
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answered(start["status"], told, b"".join(part.get("body", b"") for part in sent[1:]), was_taken)


async def lived(app: Application, scenario: Callable[[], Awaitable[None]]) -> None:
    """`scenario` between the start and the orderly end of the application, as a server's worker has them."""
    asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    life = asyncio.ensure_future(app({"type": "lifespan"}, asked.get, told.put))
    await asked.put({"type": "lifespan.startup"})
    assert (await told.get())["type"] == "lifespan.startup.complete"
    try:
        await scenario()
    finally:
        await asked.put({"type": "lifespan.shutdown"})
        await life
    assert (await told.get())["type"] == "lifespan.shutdown.complete"
