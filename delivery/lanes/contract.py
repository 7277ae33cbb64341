"""What every lane is: a window of prepared messages in, one result a message out; the ledger knows no lane."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol

from delivery.copies import OneCopy
from delivery.dialects import Meaning
from delivery.reasons import Reason
from delivery.verdicts import Phase, Verdict


class Halt(Enum):
    """Why nothing more should be begun through this provider now."""

    PAUSE = "pause"  # login, account or set-up refused: a person must act, and nobody is counted as refused for it
    SENDER = "sender"  # the same, of a sender
    QUOTA = "quota"  # used up: nothing more until it is over
    CONTENT = "content"  # it can be filled for nobody, through whatever provider: a person must act
    REST = "rest"  # unreachable, busy: later by itself
    WAIT = "wait"  # an account's rate is used up: again in a moment, at whatever mailbox provider


_HALTS = {
    Meaning.TOO_FAST: Halt.WAIT,
    Meaning.QUOTA: Halt.QUOTA,
    Meaning.ACCOUNT: Halt.PAUSE,
    Meaning.SENDER: Halt.SENDER,
}


def halt_of_meaning(meaning: Meaning) -> Halt | None:
    """What is to be done about an answer that is about the account; None for one about the person or the message."""
    return _HALTS.get(meaning)


class LaneClosed(Exception):
    """No connection, or no login. Certainly nothing was handed over."""

    def __init__(self, halt: Halt, words: str) -> None:
        super().__init__(words)
        self.halt, self.words = halt, words


class CannotPrepare(Exception):
    """This one message cannot be made, or not for this provider."""

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(words)
        self.reason, self.words = reason, words


@dataclass(slots=True)
class Result:
    """What became of window[index]. `halt`: nothing more was begun after it, `reply` has the server's words;
    `retry_after`: the wait it asks for."""

    index: int
    verdict: Verdict
    reason: Reason = Reason.NONE
    phase: Phase = Phase.NONE
    code: int | None = None
    reply: str = ""
    halt: Halt | None = None
    retry_after: timedelta | None = None
    conversation: str = ""  # what was said on the wire, where the lane keeps it
    their_id: str = ""  # what the provider calls the message, where its API says


class HasFileno(Protocol):
    """What a selector can watch."""

    def fileno(self) -> int: ...


@dataclass(slots=True, eq=False)
class Await:
    """A lane waits for its connection. Whoever drives it (delivery/multiplex.py) watches `wire` for reading, and for
    writing where `wants_write`, and sets `is_late` when `patience` seconds passed without either. Without a wire it is
    a timer: whoever waits for leave to send, not for a server; and without patience a turn: slow work, before which
    whoever has an answer goes first.

    `takes_more`: the lane has taken the whole window, and what is appended to it now leaves without a pause."""

    wire: HasFileno | None
    wants_write: bool = False
    patience: float = 0
    is_late: bool = False
    takes_more: bool = False


class Lane(Protocol):
    """One connection's worth of a provider. Not shared between threads."""

    lease: timedelta  # longer than any wait for an answer

    @property
    def room(self) -> int:
        """How many messages may still leave on this connection."""

    def prepare(self, message: OneCopy) -> Any:
        """Render. Raises CannotPrepare."""

    def ready(self) -> None:
        """Connect and log in where needed: before the mark, so that a window never waits for it. Raises LaneClosed."""

    def send(self, window: Sequence[Any], *, may_begin: Callable[[], bool]) -> Iterator[Result | Await]:
        """Hand the window over. `may_begin` is asked before each message; what never gets a result was not begun.

        A lane that can share its thread with others gives an Await instead of blocking. The window may grow where that
        says `takes_more`.
        """

    def close(self) -> None:
        """Say goodbye where possible; never raises."""
