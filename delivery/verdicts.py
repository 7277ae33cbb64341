"""What a lane says of one message: how far it came and what that means. The words between lanes and ledger."""

from dataclasses import dataclass
from enum import IntEnum

from delivery.reasons import Reason


class Phase(IntEnum):
    """Where the matter ended. Doubt exists in FINAL only: the last octet was given, the answer was not read whole."""

    NONE = 0  # nothing of it was written
    CONNECT = 1
    ENVELOPE = 2  # MAIL, RCPT, DATA; or an HTTP request not yet written whole
    BODY = 3  # body begun, its last octet not given to the kernel
    FINAL = 4


class Verdict(IntEnum):
    """From 2 up the numbers are Outcome.State; the first two leave the message pending."""

    NOT_BEGUN = 0  # certainly not handed over, may go at once
    DEFERRED = 1  # certainly not accepted, goes later
    ACCEPTED = 2
    REFUSED = 3
    SKIPPED = 4
    UNKNOWN = 5

    @property
    def is_pending(self) -> bool:
        return self < Verdict.ACCEPTED


@dataclass(slots=True)
class Fact:
    """What became of one message of a window. `reply` holds the server's words."""

    message_id: int
    verdict: Verdict
    reason: int = Reason.NONE
    phase: Phase = Phase.NONE
    code: int | None = None
    reply: str = ""
    conversation: str = ""


class Evidence(IntEnum):
    """Who settled a doubt; stored as Outcome.settled_by."""

    LATE_WORKER = 1  # the worker that had been thought lost
    WEBHOOK = 2
    BOUNCE = 3
    HIT = 4  # an open or a click, believed only when the doubt is older than any lease
    OPERATOR = 5
