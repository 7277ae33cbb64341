"""Why an account cannot send, as data: how it is told, how soon another takes over, when it is looked at again.

Sources: RFC 5321 and 3463 for codes, the wordings are those of Gmail, Amazon SES, Brevo, Mailgun, SendGrid and Postfix.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from delivery.classify import enhanced_code
from delivery.lanes.contract import Halt
from delivery.models import Cause

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Class:
    """One class of failure.

    strikes          signs in a row before another account takes over (1 for urgent mail, whatever it says)
    wait, longest    until the account is looked at again; twice as long after each look in vain
    is_told_by_login a login says whether it is over; else it is over when the time has come, and the next try tells
    of_sender        about one sending domain at this account, not about the account
    codes, enhanced, words   how a server says it; the first class that fits, in this order
    """

    cause: Cause
    strikes: int
    wait: timedelta
    longest: timedelta
    is_told_by_login: bool
    of_sender: bool = False
    codes: frozenset[int] = frozenset()
    enhanced: frozenset[str] = frozenset()
    words: re.Pattern[str] = _NEVER


CLASSES = (
    Class(
        Cause.QUOTA,
        strikes=1,
        wait=timedelta(hours=1),
        longest=timedelta(hours=24),
        is_told_by_login=False,
        codes=frozenset({402}),
        enhanced=frozenset({"5.4.5"}),
        words=re.compile(
            r"(sending|daily|hourly|monthly|account|plan|message)\W+(\w+\W+){0,3}(quota|limit|credits?)\W+(\w+\W+){0,3}"
            r"(exceeded|reached|used up|exhausted)"
            r"|(exceeded|reached|exhausted)\W+(\w+\W+){0,3}(sending|daily|hourly|monthly|account|plan)\W+(\w+\W+){0,2}"
            r"(quota|limit|credits?)|(not enough|insufficient|out of) credits?",
            re.IGNORECASE,
        ),
    ),
    Class(
        Cause.SENDER,
        strikes=1,
        wait=timedelta(hours=6),
        longest=timedelta(hours=24),
        is_told_by_login=False,
        of_sender=True,
        enhanced=frozenset({"5.1.7", "5.1.8", "5.7.60"}),
        words=re.compile(
            r"sender address rejected|(invalid|unverified) sender|send as this|not owned by"
            r"|sender (is )?(rejected|refused|not (allowed|authori[sz]ed|permitted|verified|accepted))"
            r"|sender .{0,40}(invalid|not (valid|verified))|from address .{0,40}(not|invalid)|address is not verified"
            r"|domain .{0,60}not (verified|authori[sz]ed|registered|allowed)",
            re.IGNORECASE,
        ),
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


def class_of(halt: Halt, *, code: int | None, words: str) -> Class | None:
    """The class of what ended a run; None where it is the message and not the account."""
    if halt is Halt.CONTENT:
        return None
    enhanced = enhanced_code(words)
    for one in CLASSES:
        if code in one.codes or enhanced in one.enhanced or one.words.search(words):
            return one
    return BY_CAUSE[Cause.ACCOUNT if halt is Halt.PAUSE else Cause.UNREACHABLE]
