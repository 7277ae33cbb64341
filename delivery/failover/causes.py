"""Why an account cannot send, as data: how soon another takes over, when it is looked at again.

Which it is the lanes say, by the provider's own phrases (delivery/dialects).
"""

from dataclasses import dataclass
from datetime import timedelta

from delivery.lanes.contract import Halt
from delivery.models import Cause


@dataclass(frozen=True, slots=True)
class Class:
    """One class of failure.

    strikes          signs in a row before another account takes over (1 for urgent mail, whatever it says)
    wait, longest    until the account is looked at again; twice as long after each look in vain
    is_told_by_login a login says whether it is over; else it is over when the time has come, and the next try tells
    of_sender        about one sending domain at this account, not about the account
    """

    cause: Cause
    strikes: int
    wait: timedelta
    longest: timedelta
    is_told_by_login: bool
    of_sender: bool = False


CLASSES = (
    Class(
        Cause.QUOTA,
        strikes=1,
        wait=timedelta(hours=1),
        longest=timedelta(hours=24),
        is_told_by_login=False,
    ),
    Class(
        Cause.SENDER,
        strikes=1,
        wait=timedelta(hours=6),
        longest=timedelta(hours=24),
        is_told_by_login=False,
        of_sender=True,
    ),
    Class(
        Cause.ACCOUNT,
        strikes=1,
        wait=timedelta(minutes=15),
        longest=timedelta(hours=6),
        is_told_by_login=True,
    ),
    Class(
        Cause.UNREACHABLE,
        strikes=2,
        wait=timedelta(minutes=1),
        longest=timedelta(minutes=15),
        is_told_by_login=True,
    ),
)
BY_CAUSE = {one.cause: one for one in CLASSES}


_BY_HALT = {
    Halt.QUOTA: Cause.QUOTA,
    Halt.SENDER: Cause.SENDER,
    Halt.PAUSE: Cause.ACCOUNT,
    Halt.REST: Cause.UNREACHABLE,
}


def class_of(halt: Halt) -> Class | None:
    """The class of what ended a run; None where it is the message, or a rate that passes by itself."""
    cause = _BY_HALT.get(halt)
    return BY_CAUSE[cause] if cause else None
