"""From calls to durable requests: many callers' calls, one transaction, an answer to each.

All or nothing for each call: when one of its messages is wrong, or asked for under a key that was used for something
else, none of it is stored. What was stored before under the same key is answered again and stored no second time.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import translation
from psycopg.errors import UniqueViolation

from accounts.api_keys import keys_of, note_use
from accounts.models import ApiKey
from common.gathering import LOST, NotStored
from common.sql import run_hot
from transactional.calls import Call, Post, Refused, Reply, read_call, refusal
from transactional.rates import take
from transactional.wanting import Known, Shelf, Wanted, read_messages

_LANGUAGE = "en"  # of what is said to programs' authors
_TRIES = 3


class _Overtaken(Exception):
    """Another process stored one of our idempotency keys in the meantime."""


def answer_all(posts: Sequence[Post], *, at: datetime) -> list[Reply]:
    """Store what the calls ask for, in one statement that is its own transaction, and answer each. A message that is
    answered 202 is durable. Raises NotStored where the database went away in the middle of storing: nobody may try
    again for callers without an idempotency key.
    """
    with translation.override(_LANGUAGE):
        keys = keys_of({post.secret for post in posts})
        replies: dict[int, Reply] = {}
        calls: dict[int, Call] = {}
        for number, post in enumerate(posts):
            try:
                calls[number] = read_call(post, keys)
            except Refused as refused:
                replies[number] = refused.reply
        shelf = Shelf.for_calls(calls.values())
        wanted = _wanted(calls, shelf, replies)
        _keep_rates(calls, wanted, replies, at)
        note_use([calls[number].key for number in wanted], at=at)
        for attempt in range(_TRIES):
            try:
                replies |= _stored(calls, wanted, shelf.known)
                break
            except _Overtaken:
                if attempt == _TRIES - 1:
                    raise
                shelf = Shelf.for_calls(calls.values())
    return [replies[number] for number in range(len(posts))]


def _wanted(calls: Mapping[int, Call], shelf: Shelf, replies: dict[int, Reply]) -> dict[int, list[Wanted]]:
    """The messages of the good calls; the others are answered with everything that is wrong with them."""
    found: dict[int, list[Wanted]] = {}
    for number, call in calls.items():
        good, problems = read_messages(call.items, shelf)
        if problems:
            words = "Nothing was accepted: see the problems."
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            replies[number] = refusal(status, "invalid", words, problems=problems).reply
        else:
            found[number] = good
    return found


def _keep_rates(
    calls: Mapping[int, Call], wanted: dict[int, list[Wanted]], replies: dict[int, Reply], at: datetime
) -> None:
    """Calls above what their key may send a minute are answered 429 and not stored."""
    for number in list(wanted):
        wait = take(calls[number].key, len(wanted[number]), at=at)
        if wait:
            del wanted[number]
            replies[number] = refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_fast",
                f"This API key may send {calls[number].key.per_minute} messages a minute.",
                headers={"Retry-After": str(wait)},
            ).reply


def _stored(calls: Mapping[int, Call], wanted: Mapping[int, list[Wanted]], known: Known) -> dict[int, Reply]:
    """All or nothing. Raises _Overtaken with nothing stored."""
    replies: dict[int, Reply] = {}
    rows: list[dict[str, Any]] = []
    for number, messages in wanted.items():
        try:
            new, ids = _rows(calls[number], messages, known)
        except Refused as refused:
            replies[number] = refused.reply
            continue
        rows += new
        replies[number] = _accepted(calls[number], ids)
    _insert(rows)
    return replies


def _rows(call: Call, messages: Sequence[Wanted], known: Known) -> tuple[list[dict[str, Any]], list[str]]:
    """(rows to store, ids of all messages in order); `known` learns the keys, for the next calls. Raises Refused."""
    new: list[dict[str, Any]] = []
    ids: list[str] = []
    learned: Known = {}
    for index, (message, word, digest) in enumerate(zip(messages, call.idempotency, call.digests, strict=True)):
        place = (call.key.pk, word or "")
        before = (known.get(place) or learned.get(place)) if word else None
        if before and before[0] != digest:
            raise _conflict(index)
        name = before[1] if before else str(new_id())
        ids.append(name)
        if before is None:
            new.append(_row(call.key, message, name, word, digest))
            if word:
                learned[place] = (digest, name)
    known |= learned
    return new, ids


def _conflict(index: int) -> Refused:
    words = "This idempotency key was used for another message. Nothing was accepted."
    return refusal(HTTPStatus.CONFLICT, "conflict", f"{words} (message {index})")


def _row(key: ApiKey, message: Wanted, name: str, word: str | None, digest: str) -> dict[str, Any]:
    return {
        "uuid": name,
        "api_key": key.pk,
        "idempotency_key": word,
        "digest": digest,
        "template_version": message.template_version,
        "subject": message.subject,
        "html": message.html,
        "sender": message.sender,
        "language": message.language,
        "address": message.address,
        "address_key": message.address_key,
        "variables": message.variables,
    }


def _insert(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    try:
        run_hot("transactional", "store_requests", {"rows": json.dumps(rows, ensure_ascii=False)})
    except LOST as error:
        raise NotStored from error
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise _Overtaken from error
        raise


def _accepted(call: Call, ids: Sequence[str]) -> Reply:
    told = [{"id": name, "state": "pending"} for name in ids]
    return Reply(HTTPStatus.ACCEPTED, {"messages": told} if call.is_batch else told[0])


def new_id() -> UUID:
    """A version 7 UUID (RFC 9562): ordered by time, so that its index grows at one end."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    number = milliseconds << 80 | 7 << 76 | (chance >> 64 & 0xFFF) << 64 | 2 << 62 | chance & (1 << 62) - 1
    return UUID(int=number)
