"""One call of the API, read: whose it is, and the messages it asks for as they came."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from accounts.models import ApiKey

MOST = 500  # messages of one call
LONGEST = 5_000_000  # octets of a body
# Every answer of the API; there is nothing in it to show, frame, run or keep.
HEADERS: dict[str, str] = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Post:
    """What a caller sent, whoever took it in: the door or the view."""

    authorization: str
    idempotency: str  # the header Idempotency-Key; empty: none
    body: bytes

    @property
    def secret(self) -> str:
        """The API key as it was given; empty where there is none."""
        scheme, _space, secret = self.authorization.partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one message: its place in the call, its field, and a sentence."""

    index: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, JSON, and headers besides those of every answer."""

    status: HTTPStatus
    content: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()


class Refused(Exception):
    """The call is answered with `reply`, and nothing of it is stored."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.content)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated call. Each of `items` has its idempotency key (or None) and the digest of what was asked."""

    key: ApiKey
    items: list[dict[str, Any]]
    is_batch: bool
    idempotency: list[str | None]
    digests: list[str]


def refusal(
    status: HTTPStatus,
    code: str,
    message: str,
    *,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Refused:
    """`code` is stable, for programs; `message` is for their authors."""
    error: dict[str, Any] = {"code": code, "message": message}
    if problems:
        error["problems"] = [{"index": one.index, "field": one.field, "message": one.message} for one in problems]
    return Refused(Reply(status, {"error": error}, headers or {}))


def read_call(post: Post, keys: Mapping[str, ApiKey]) -> Call:
    """`post` as a call of one of `keys` (by secret). Raises Refused."""
    key = authorised(post, keys, scope=ApiKey.Scope.SEND)
    content = _json(post.body)
    is_batch = isinstance(content, dict) and content.keys() == {"messages"}
    items = content["messages"] if is_batch else [content]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise refusal(
            HTTPStatus.BAD_REQUEST, "malformed", 'Send one message as an object, or {"messages": [ … ]} with objects.'
        )
    if not 0 < len(items) <= MOST:
        raise refusal(
            HTTPStatus.BAD_REQUEST, "too_many", f"One call takes 1 to {MOST} messages; here are {len(items)}."
        )
    return Call(key, items, is_batch, *_once(post, items))


def authorised(post: Post, keys: Mapping[str, ApiKey], *, scope: ApiKey.Scope) -> ApiKey:
    """The key a call came with. Raises Refused: a missing, wrong and revoked key get one answer."""
    key = keys.get(post.secret)
    if key is None:
        raise refusal(
            HTTPStatus.UNAUTHORIZED,
            "unauthorized",
            "Send a valid API key: Authorization: Bearer envol_…",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if scope not in key.scopes:
        raise refusal(HTTPStatus.FORBIDDEN, "forbidden", f"This API key may not do that: it lacks {scope.value}.")
    return key


def _json(body: bytes) -> Any:
    if len(body) > LONGEST:
        raise too_large()
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise refusal(HTTPStatus.BAD_REQUEST, "malformed", f"The body is not JSON{where}.") from error


def too_large() -> Refused:
    """For a body no call may have."""
    return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"A body has at most {LONGEST} octets.")


def unavailable() -> Reply:
    """Not known to be stored: with an idempotency key it may be asked again without a second mail."""
    words = "Nothing is known to be accepted. Try again, with the same idempotency key."
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", words, headers={"Retry-After": "2"}).reply


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _once(post: Post, items: list[dict[str, Any]]) -> tuple[list[str | None], list[str]]:
    """Idempotency keys and digests. A key in the header is that of the whole call: every message of it must be the
    same again."""
    whole = post.idempotency.strip()
    if whole:
        digest = _digest(items)
        keys: list[str | None] = [f"{whole}/{index}" for index in range(len(items))]
        return keys, [digest] * len(items)
    own = [item.get("idempotency_key") for item in items]
    return [key if isinstance(key, str) and key else None for key in own], [
        _digest(item) if key else "" for item, key in zip(items, own, strict=True)
    ]


def _digest(asked: Any) -> str:
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()
