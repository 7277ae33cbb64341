"""The words for what an answer means, and a phrase that carries one. Nothing here talks to anybody."""

import re
from dataclasses import dataclass
from enum import Enum

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


class Meaning(Enum):
    """Whom an answer is about, and what it asks for."""

    # about the account: nobody written to is counted for it
    TOO_FAST = "too fast"  # a rate: again in a moment
    QUOTA = "quota"  # of an hour, a day, a month, or credits: nothing more until it is over
    ACCOUNT = "account"  # key, permission, suspension, set-up: a person must act
    SENDER = "sender"  # a From address or domain is not accepted at this account
    # about the person or the message
    ADDRESS = "address"  # there is no such address
    LISTED = "listed"  # the provider's own list of people it does not write to
    SIZE = "size"
    CONTENT = "content"
    LATER = "later"  # this message, some time later
    # about a call under a key the provider knows
    TAKEN_BEFORE = "taken before"
    IN_PROGRESS = "in progress"  # or used for another body: nobody knows how the first one ended

    @property
    def is_about_us(self) -> bool:
        return self in (Meaning.TOO_FAST, Meaning.QUOTA, Meaning.ACCOUNT, Meaning.SENDER)


ANY_4XX = frozenset(range(400, 500))


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing a provider says.

    words              as it writes them, anywhere in the answer; None: the status says it alone
    statuses           HTTP statuses it comes with. A 5xx must be named: it is doubt otherwise (docs/reliability.md)
    enhanced           enhanced codes (RFC 3463) that say it as well as the words
    ends_at_midnight   a quota that begins anew at midnight UTC, as its documentation says
    """

    meaning: Meaning
    words: re.Pattern[str] | None
    statuses: frozenset[int]
    enhanced: frozenset[str]
    ends_at_midnight: bool

    def fits(self, *, code: int | None, text: str) -> bool:
        """`code` None: the status was not kept, or there is none."""
        if code is not None and code not in self.statuses:
            return False
        if self.enhanced and enhanced_code(text) in self.enhanced:
            return True
        return code is not None and not self.enhanced if self.words is None else bool(self.words.search(text))


def says(
    meaning: Meaning,
    words: str = "",
    *,
    statuses: frozenset[int] = ANY_4XX,
    enhanced: tuple[str, ...] = (),
    ends_at_midnight: bool = False,
) -> Phrase:
    """A phrase; `words` is an expression, in whatever case."""
    pattern = re.compile(words, re.IGNORECASE) if words else None
    return Phrase(meaning, pattern, statuses, frozenset(enhanced), ends_at_midnight)


def enhanced_code(text: str) -> str:
    """The enhanced status code in a reply ("5.1.1"), or nothing."""
    found = _ENHANCED.search(text[:80])
    return found[0] if found else ""
