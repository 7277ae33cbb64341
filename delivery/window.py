"""The messages of a batch that are on the wire, or marked to be.

It slides: while the last answers are on their way the next messages are marked and appended, so that a connection
pauses at no window's end. Never more than a window's size are open at once.
"""

from collections.abc import Sequence
from typing import Any

from delivery.ledger import Waiting


class Window:
    """From the first message after `done_to` until the lane has nothing left. Numbers are places in `contents`."""

    def __init__(self, done_to: int) -> None:
        self.open_to = done_to  # the last message marked
        self.contents: list[Any] = []  # what the lane hands over; the answered ones are let go
        self.granted = 0  # what limits allowed it
        self.answered = 0
        self._messages: list[Waiting] = []
        self._is_through: list[bool] = []
        self._first = 0  # the first that is not through

    def __len__(self) -> int:
        return len(self._messages)

    def __getitem__(self, number: int) -> Waiting:
        return self._messages[number]

    @property
    def unanswered(self) -> int:
        """How many are open, or certainly not begun."""
        while self._first < len(self._is_through) and self._is_through[self._first]:
            self._first += 1
        return len(self._messages) - self._first

    def grow(self, pairs: Sequence[tuple[Waiting, Any]], *, open_to: int) -> None:
        """What was just marked, without those who were left out."""
        self._messages += [message for message, _ in pairs]
        self.contents += [content for _, content in pairs]
        self._is_through += [False] * len(pairs)
        self.open_to = open_to

    def settle(self, number: int) -> None:
        """It has an answer: it is through in this round."""
        self.answered += 1
        self.contents[number] = None
        self._is_through[number] = True

    @property
    def done_to(self) -> int:
        """The last message before all that are open."""
        return self._messages[self._first].message.pk - 1 if self.unanswered else self.open_to

    @property
    def reached(self) -> int:
        """At its end, how far the batch was worked through: up to the first that can go at once, when nothing after it
        was begun."""
        done_to = self.done_to
        return self.open_to if any(self._is_through[self._first :]) else done_to
