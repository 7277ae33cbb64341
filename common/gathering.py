"""Group commit: what arrives within some milliseconds is stored together, and each is answered when it is stored.

A gatherer lives in the event loop of a raw ASGI door and stores in threads of its own, so that a slow call to the
database holds back its own group and nobody else.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LOST = (OperationalError, InterfaceError)  # the database is away, or this connection to it
_LOOK = 0.25  # seconds between two looks at who has waited too long


class NotStored(Exception):
    """Not stored, or not known to be: the database is away, slow, or more is waiting than may wait."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a gatherer gathers."""

    linger: float = 0.001  # seconds the first of a group waits for others while nothing is being stored
    most: int = 500  # items of one group
    # Groups stored at the same time, a thread and a connection each. While one is, what arrives gathers until it is
    # done; when that takes longer than `overlap` seconds, the next group begins beside it.
    lanes: int = 2
    overlap: float = 0.005
    waiting: int = 20_000  # items that may wait; more are turned away at once, so that memory stays flat
    patience: float = 3.0  # seconds until a caller is told that nothing is known


@dataclass(slots=True)
class _Waiting(Generic[Item, Answer]):
    item: Item
    answer: "asyncio.Future[Answer]"
    since: float


@dataclass(slots=True)
class Gatherer(Generic[Item, Answer]):
    """`store` takes a group, commits, and gives an answer to each, in order. It runs in a thread, with Django's
    connection of that thread, which is renewed once where the server was restarted. When one item breaks a group,
    the others are stored without it and its caller gets the error.
    """

    store: Callable[[Sequence[Item]], Sequence[Answer]]
    terms: Terms = field(default_factory=Terms)
    _queue: "deque[_Waiting[Item, Answer]]" = field(default_factory=deque, init=False)
    _stored: "set[asyncio.Task[None]]" = field(default_factory=set, init=False)
    _late: "deque[_Waiting[Item, Answer]]" = field(default_factory=deque, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _watch: asyncio.TimerHandle | None = field(default=None, init=False)
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.terms.lanes, thread_name_prefix="gatherer")

    async def put(self, item: Item) -> Answer:
        """The answer for `item`, after the commit. Raises NotStored, or what storing it raised."""
        loop = asyncio.get_running_loop()
        if len(self._queue) >= self.terms.waiting:
            raise NotStored
        waiting: _Waiting[Item, Answer] = _Waiting(item, loop.create_future(), loop.time())
        self._queue.append(waiting)
        if len(self._queue) >= self.terms.most:
            self._store_next()
        elif self._timer is None:
            patience = self.terms.overlap if self._stored else self.terms.linger
            self._timer = loop.call_later(patience, self._store_next)
        if self._watch is None:
            self._watch = loop.call_later(_LOOK, self._look)
        return await waiting.answer

    async def close(self) -> None:
        """Store what waits, then end."""
        while self._queue or self._stored:
            self._store_next()
            await asyncio.wait(set(self._stored))
        for timer in (self._timer, self._watch):
            if timer is not None:
                timer.cancel()
        self._pool.shutdown()

    def _store_next(self) -> None:
        """Begin with the next group where a lane is free; else it begins when one becomes so."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue and len(self._stored) < self.terms.lanes:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), self.terms.most))]
            task = asyncio.get_running_loop().create_task(self._store(group))
            self._stored.add(task)
            task.add_done_callback(self._after)

    def _after(self, task: "asyncio.Task[None]") -> None:
        self._stored.discard(task)
        if self._queue:
            self._store_next()

    async def _store(self, group: "list[_Waiting[Item, Answer]]") -> None:
        loop = asyncio.get_running_loop()
        self._late.extend(group)
        answers = await loop.run_in_executor(self._pool, self._answers, [one.item for one in group])
        for one, answer in zip(group, answers, strict=True):
            if one.answer.done():  # its caller has left, or was told that nothing is known
                continue
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)

    def _answers(self, items: list[Item]) -> "list[Answer | Exception]":
        try:
            return list(self._stored_once_more(items))
        except LOST as error:
            return [NotStored(str(error)) for _ in items]
        except Exception as error:
            if len(items) == 1:
                return [error]
            middle = len(items) // 2
            return [*self._answers(items[:middle]), *self._answers(items[middle:])]

    def _stored_once_more(self, items: list[Item]) -> Sequence[Answer]:
        try:
            return self.store(items)
        except LOST:
            connection.close()
        try:
            return self.store(items)
        except LOST:
            connection.close()
            raise

    def _look(self) -> None:
        """Tell who has waited too long; what became of the item is settled without them."""
        loop = asyncio.get_running_loop()
        since = loop.time() - self.terms.patience
        while self._late and (self._late[0].answer.done() or self._late[0].since < since):
            _give_up(self._late.popleft())
        while self._queue and self._queue[0].since < since:
            _give_up(self._queue.popleft())
        is_needed = bool(self._late or self._queue)
        self._watch = loop.call_later(_LOOK, self._look) if is_needed else None


def _give_up(one: "_Waiting[Item, Answer]") -> None:
    if not one.answer.done():
        one.answer.set_exception(NotStored())
