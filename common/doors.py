"""Doors: raw ASGI in front of Django for the few requests that come by the thousand.

A door takes the requests it can answer whole and leaves every other to Django, which has a view for the same routes
and rules. So whatever is unusual (a forged token, another method, a page of explanation) is said in one place.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

log = structlog.get_logger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

_OF_A_BODY = {"content-type", "content-length", "content-encoding", "location"}


class Door(Protocol):
    """`open` and `close` frame the life of the process; `close` ends when what was taken is stored."""

    @property
    def prefixes(self) -> tuple[str, ...]: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def take(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request; False, with nothing read of it, leaves it to Django."""
        ...


@dataclass(frozen=True, slots=True)
class Front:
    """The whole ASGI application: doors first, then `pages`."""

    doors: Sequence[Door]
    pages: Application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] == "http":
            path = scope["path"]
            for door in self.doors:
                if path.startswith(door.prefixes) and await door.take(scope, receive, send):
                    return
        wire = _Wire(receive, send)
        await self.pages(scope, wire.receive, wire.send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "lifespan.shutdown":
            if message["type"] == "lifespan.startup":
                await asyncio.gather(*(door.open() for door in self.doors))
                await send({"type": "lifespan.startup.complete"})
        await asyncio.gather(*(door.close() for door in self.doors))
        await send({"type": "lifespan.shutdown.complete"})


class _Wire:
    """The client's connection as a page's thread needs it: an upload that breaks off is an error, not the end of the
    file, and a client that left in the middle of a download does not keep the thread that writes it.
    """

    __slots__ = ("_is_gone", "_receive", "_send")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send, self._is_gone = receive, send, False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client broke off")
        return message

    async def send(self, message: Message) -> None:
        if self._is_gone:
            return
        try:
            await self._send(message)
        except Exception as error:  # each server has an error of its own for it
            self._is_gone = True
            log.info("client_left", error=str(error)[:200])


async def answer(send: Send, status: HTTPStatus, headers: Headers, body: bytes) -> None:
    """A whole answer at once; `headers` without the length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": int(status), "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def headers_of(path: str) -> Headers:
    """What Django's middleware and decorators say with every answer at `path`, besides what describes the body.

    Asked of Django itself, so that a door cannot forget one. The path must be one that needs no database.
    """
    url = urlsplit(settings.ENVOL_URL)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(),
        "HTTP_X_FORWARDED_PROTO": url.scheme,
    }
    handler = WSGIHandler()
    response = handler.get_response(WSGIRequest(environ))
    response.close()
    named = [(name.lower(), value) for name, value in response.items()]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named if name not in _OF_A_BODY]


def header(scope: Scope, name: bytes) -> str:
    """The first header called `name` (lower case); empty without."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""
