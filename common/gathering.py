"""Group commit: what arrives while one group is being stored is the next group, and each is answered when it is stored.

A gatherer lives in the event loop of a raw ASGI door and stores in threads of its own, so that a slow call to the
database holds back its own group and nobody else.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock, Semaphore, Thread
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

    most: int = 500  # items of one group
    # Seconds a free lane lets its next group grow: sixteen callers come in halves else, for a fifth more CPU.
    linger: float = 0.0003
    # Groups stored at the same time, a thread and a connection each. What arrives while one is, gathers until it is
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
    connection of that thread, which is renewed once where the server was restarted: so it must be safe to run twice,
    or raise NotStored from where it is not. When one item breaks a group, the others are stored without it and its
    caller gets the error.
    """

    store: Callable[[Sequence[Item]], Sequence[Answer]]
    terms: Terms = field(default_factory=Terms)
    after: Callable[[Sequence[Answer | Exception]], None] | None = None  # what nobody waits for; it must not raise
    _queue: "deque[_Waiting[Item, Answer]]" = field(default_factory=deque, init=False)
    _late: "deque[_Waiting[Item, Answer]]" = field(default_factory=deque, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _watch: asyncio.TimerHandle | None = field(default=None, init=False)
    _threads: list[Thread] = field(default_factory=list, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)  # of the two below, and of what the queue holds with them
    _busy: int = field(default=0, init=False)  # lanes that store, or were told to
    _is_closing: bool = field(default=False, init=False)
    _bell: Semaphore = field(default_factory=lambda: Semaphore(0), init=False)

    async def put(self, item: Item) -> Answer:
        """The answer for `item`, after the commit. Raises NotStored, or what storing it raised."""
        loop = asyncio.get_running_loop()
        if len(self._queue) >= self.terms.waiting or self._is_closing:
            raise NotStored
        waiting: _Waiting[Item, Answer] = _Waiting(item, loop.create_future(), loop.time())
        with self._lock:
            self._queue.append(waiting)
            if not self._busy or len(self._queue) >= self.terms.most:
                self._begin(loop)
        if self._timer is None:
            self._timer = loop.call_later(self.terms.overlap, self._overlap)
        if self._watch is None:
            self._watch = loop.call_later(_LOOK, self._look)
        return await waiting.answer

    async def close(self) -> None:
        """Store what waits, then end."""
        with self._lock:
            self._is_closing = True
        for _ in self._threads:
            self._bell.release()
        await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in self._threads))
        for timer in (self._timer, self._watch):
            if timer is not None:
                timer.cancel()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """One more lane takes from the queue, where one is free. The caller holds the lock."""
        if self._busy == self.terms.lanes:
            return
        self._busy += 1
        if self._busy > len(self._threads):
            self._threads.append(Thread(target=self._work, args=(loop,), name="gatherer", daemon=True))
            self._threads[-1].start()
        self._bell.release()

    def _overlap(self) -> None:
        """What has waited too long for the groups before it is stored beside them."""
        loop = asyncio.get_running_loop()
        self._timer = None
        with self._lock:
            if not self._queue:
                return
            due = self._queue[0].since + self.terms.overlap
            if due <= loop.time():
                self._begin(loop)
                due = loop.time() + self.terms.overlap
        self._timer = loop.call_at(due, self._overlap)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """A lane, in its thread: group after group while something waits. It takes what has come when it is free, so
        groups grow with the load by themselves."""
        while not self._is_closing:
            self._bell.acquire()
            while group := self._next_group():
                answers = self._answers([one.item for one in group])
                loop.call_soon_threadsafe(_tell, group, answers)
                if self.after:
                    self.after(answers)
        connection.close()

    def _next_group(self) -> "list[_Waiting[Item, Answer]]":
        time.sleep(self.terms.linger)
        with self._lock:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), self.terms.most))]
            self._late.extend(group)
            if not group:
                self._busy -= 1
            return group

    def _answers(self, items: list[Item]) -> "list[Answer | Exception]":
        try:
            return list(self._stored_once_more(items))
        except NotStored as error:
            connection.close()
            return [error for _ in items]
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


def _tell(group: "list[_Waiting[Item, Answer]]", answers: "list[Answer | Exception]") -> None:
    for one, answer in zip(group, answers, strict=True):
        if one.answer.done():  # its caller has left, or was told that nothing is known
            continue
        if isinstance(answer, Exception):
            one.answer.set_exception(answer)
        else:
            one.answer.set_result(answer)


def _give_up(one: "_Waiting[Item, Answer]") -> None:
    if not one.answer.done():
        one.answer.set_exception(NotStored())
