"""A server's words, in ours. The enhanced code (RFC 3463) before the three digits, then the text (rules of the trade:
docs/reliability.md). 5.7.x is policy or reputation: an alarm about us, never a reason to suppress a contact.
"""

import re

from delivery.dialects import enhanced_code
from delivery.reasons import Reason

_DEAD = {"5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"}
# Gmail says 5.2.1 of living mailboxes too: "is receiving mail at a rate …".
_TOO_FAST = re.compile(r"\brate\b|too (quickly|fast)|prevents additional messages", re.IGNORECASE)
_NO_SUCH = re.compile(
    r"user unknown|unknown user|no such (user|mailbox|recipient)|(mailbox|user|recipient|address) "
    r"(does not|doesn't) exist|mailbox not found|unknown recipient|recipient (not found|rejected: user)",
    re.IGNORECASE,
)
_FULL = re.compile(r"(mailbox|quota).{0,20}(full|exceeded)|over quota|out of storage", re.IGNORECASE)
_POLICY = re.compile(
    r"policy|reputation|spam|blocked|black.?list|block.?list|denied|spf|dkim|dmarc|authenticat|listed", re.IGNORECASE
)


def refusal_reason(code: int | None, text: str) -> Reason:
    """Why a message was refused for good. `code` is the SMTP reply code, or None for an API."""
    enhanced = enhanced_code(text)
    if enhanced in _DEAD and not (enhanced == "5.2.1" and _TOO_FAST.search(text)):
        return Reason.REFUSED_ADDRESS
    if enhanced.endswith(".2.2"):
        return Reason.REFUSED_FULL
    if enhanced in ("5.3.4", "5.2.3"):
        return Reason.REFUSED_SIZE
    if enhanced.startswith("5.7."):
        return Reason.REFUSED_POLICY
    if enhanced.startswith("5.6."):
        return Reason.REFUSED_CONTENT
    return _by_words(code, text)


def _by_words(code: int | None, text: str) -> Reason:
    if _FULL.search(text):
        return Reason.REFUSED_FULL
    if _NO_SUCH.search(text):
        return Reason.REFUSED_ADDRESS
    if code == 552:
        return Reason.REFUSED_SIZE
    if _POLICY.search(text):
        return Reason.REFUSED_POLICY
    return Reason.REFUSED_OTHER
