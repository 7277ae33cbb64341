"""The door of the API's POST: raw ASGI, the calls of the same milliseconds in one transaction (common/doors.py).

What it says is what transactional/api.py says; there the calls come one by one.
"""

from collections.abc import Sequence
from http import HTTPStatus

from django.utils import timezone

from common.doors import Headers, Receive, Scope, Send, answer, header
from common.gathering import Gatherer, NotStored, Terms
from transactional.accepting import answer_all
from transactional.calls import HEADERS, LONGEST, Post, Reply, too_large, unavailable
from transactional.tasks import ring

PATH = "/api/v1/messages"


class RequestDoor:
    """POST /api/v1/messages."""

    prefixes = (PATH,)

    def __init__(self) -> None:
        self._posts = Gatherer[Post, Reply](_answers, Terms(most=100, waiting=2_000, patience=10.0), _ring)

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        await self._posts.close()

    async def take(self, scope: Scope, receive: Receive, send: Send) -> bool:
        if scope["method"] != "POST" or scope["path"] != PATH:
            return False
        body = await _body(receive)
        if body is None:
            reply = too_large().reply
        else:
            post = Post(header(scope, b"authorization"), header(scope, b"idempotency-key"), body)
            try:
                reply = await self._posts.put(post)
            except NotStored:
                reply = unavailable()
        await answer(send, reply.status, headers_of(reply), reply.body)
        return True


def _answers(posts: Sequence[Post]) -> Sequence[Reply]:
    return answer_all(posts, at=timezone.now())


def _ring(replies: Sequence[Reply | Exception]) -> None:
    if any(isinstance(reply, Reply) and reply.status == HTTPStatus.ACCEPTED for reply in replies):
        ring()


def headers_of(reply: Reply) -> Headers:
    """The reply's headers as ASGI has them."""
    return [(name.lower().encode(), value.encode()) for name, value in {**HEADERS, **reply.headers}.items()]


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is longer than a call's may be."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > LONGEST:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
