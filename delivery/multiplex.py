"""Several batches on their connections in one thread: whoever's connection is ready goes on.

A flow is an iterator of lanes.contract.Await. While one waits for its server, the others render, hand over and write
back; calls to the database hold all of them, for a millisecond or two. So answers go first: a flow asks for a turn
before such work (`Await(None)`), and gets it after whoever is ready, one flow a round.
"""

import selectors
import time
from collections import deque
from collections.abc import Iterator, Sequence

from delivery.lanes.contract import Await

_LOOK = 1.0  # seconds between two looks at who is late

Flow = Iterator[Await]


class _Slot:
    """One flow, and what of it is registered with the selector."""

    __slots__ = ("events", "fd", "flow", "late_at", "waiting", "wire")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.waiting: Await | None = None
        self.wire: object = None
        self.fd = -1
        self.events = 0
        self.late_at = 0.0

    @property
    def is_in_turn(self) -> bool:
        """Whether it waits for nothing but the others."""
        return self.waiting is not None and self.waiting.wire is None and not self.waiting.patience


def run_together(flows: Sequence[Flow]) -> None:
    """Advance the flows until all have ended. When one raises, the others go on; the first error is raised then."""
    errors: list[Exception] = []
    turns: deque[_Slot] = deque()

    def advance(slot: _Slot) -> bool:
        """False when it has ended."""
        if not _advance(slot, selector, errors):
            return False
        if slot.is_in_turn:
            turns.append(slot)
        return True

    with selectors.DefaultSelector() as selector:
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
    if errors:
        raise errors[0]


def _patience(slots: Sequence[_Slot]) -> float:
    """Until somebody may be late, a second at most."""
    now = time.monotonic()
    timers = [slot.late_at - now for slot in slots if slot.wire is None]
    return max(0.0, min([_LOOK, *timers]))


def _advance(slot: _Slot, selector: selectors.BaseSelector, errors: list[Exception]) -> bool:
    """Let the flow go on until it waits again; False when it has ended."""
    try:
        waiting = next(slot.flow, None)
    except Exception as error:
        errors.append(error)
        waiting = None
    slot.waiting = waiting
    if waiting is None:
        _forget(slot, selector)
        return False
    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting.wants_write else 0)
    slot.late_at = time.monotonic() + waiting.patience
    if waiting.wire is None:
        _forget(slot, selector)
        return True
    # The number of a closed connection may be another's already: the wire tells, not the number.
    if waiting.wire is not slot.wire:
        _forget(slot, selector)
        slot.fd = waiting.wire.fileno()
        selector.register(slot.fd, events, slot)
        slot.wire, slot.events = waiting.wire, events
    elif events != slot.events:
        selector.modify(slot.fd, events, slot)
        slot.events = events
    return True


def _forget(slot: _Slot, selector: selectors.BaseSelector) -> None:
    if slot.wire is not None:
        selector.unregister(slot.fd)
        slot.wire, slot.fd = None, -1
