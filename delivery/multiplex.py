"""Several batches on their connections in one thread: whoever's connection is ready goes on.

A flow is an iterator of lanes.contract.Await. While one waits for its server, the others render, hand over and write
back; calls to the database hold all of them, for a millisecond or two. So answers go first: a flow asks for a turn
before such work (`Await(None)`), and gets it after whoever is ready, one flow a round.
"""

import selectors
import time
from collections import deque
from collections.abc import Iterator, Sequence

from delivery.lanes.contract import Await, HasFileno

_LOOK = 1.0  # seconds between two looks at who is late

Flow = Iterator[Await]


class _Slot:
    """One flow, and what of it is registered with the selector. `is_in_turn`: it waits for nothing but the others."""

    __slots__ = ("events", "fd", "flow", "is_in_turn", "late_at", "waiting", "wire")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.waiting: Await | None = None
        self.wire: HasFileno | None = None
        self.fd = -1
        self.events = 0
        self.late_at = 0.0
        self.is_in_turn = False


def run_together(flows: Sequence[Flow]) -> None:
    """Advance the flows until all have ended. When one raises, the others go on; the first error is raised then."""
    with selectors.DefaultSelector() as selector:
        loop = _Loop(selector)
        advance, turns = loop.advance, loop.turns
        begun, slots = map(_Slot, flows), list[_Slot]()
        looked_at = time.monotonic()
        while (slot := None if turns else next(begun, None)) is not None or slots:
            # Who is begun goes on between the beginnings of the others: the first message waits for one claim only.
            if slot is not None and advance(slot):
                slots.append(slot)
            ready = selector.select(_patience(slots) if slot is None and not turns else 0)
            ended = [key.data for key, _ in ready if not advance(key.data)]
            if turns and not advance(turn := turns.popleft()):
                ended.append(turn)
            now = time.monotonic()
            if not ready or now - looked_at >= _LOOK:
                looked_at = now
                for late in slots:
                    if late.waiting is not None and late.late_at <= now and not late.is_in_turn and late not in ended:
                        late.waiting.is_late = True
                        ended += [] if advance(late) else [late]
            if ended:
                slots = [slot for slot in slots if slot not in ended]
    if loop.errors:
        raise loop.errors[0]


def _patience(slots: Sequence[_Slot]) -> float:
    """Until somebody may be late, a second at most."""
    now = time.monotonic()
    timers = [slot.late_at - now for slot in slots if slot.wire is None]
    return max(0.0, min([_LOOK, *timers]))


class _Loop:
    """The selector, who waits for a turn, and what was raised."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.turns: deque[_Slot] = deque()
        self.errors: list[Exception] = []
        self._selector = selector

    def advance(self, slot: _Slot) -> bool:
        """Let the flow go on until it waits again; False when it has ended."""
        try:
            waiting = next(slot.flow, None)
        except Exception as error:
            self.errors.append(error)
            waiting = None
        slot.waiting = waiting
        if waiting is None:
            slot.is_in_turn = False
            self._forget(slot)
            return False
        slot.late_at = time.monotonic() + waiting.patience
        if waiting.wire is None:
            self._forget(slot)
            slot.is_in_turn = not waiting.patience
            if slot.is_in_turn:
                self.turns.append(slot)
            return True
        slot.is_in_turn = False
        self._watch(slot, waiting.wire, wants_write=waiting.wants_write)
        return True

    def _watch(self, slot: _Slot, wire: HasFileno, *, wants_write: bool) -> None:
        events = selectors.EVENT_READ | selectors.EVENT_WRITE if wants_write else selectors.EVENT_READ
        # The number of a closed connection may be another's already: the wire tells, not the number.
        if wire is not slot.wire:
            self._forget(slot)
            slot.fd = wire.fileno()
            self._selector.register(slot.fd, events, slot)
            slot.wire, slot.events = wire, events
        elif events != slot.events:
            self._selector.modify(slot.fd, events, slot)
            slot.events = events

    def _forget(self, slot: _Slot) -> None:
        if slot.wire is not None:
            self._selector.unregister(slot.fd)
            slot.wire, slot.fd = None, -1
