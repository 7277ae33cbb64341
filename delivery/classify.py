"""A server's words, in ours. The enhanced code (RFC 3463) before the three digits, then the text (rules of the trade:
docs/reliability.md). 5.7.x is policy or reputation: an alarm about us, never a reason to suppress a contact.
"""

import re

from delivery.reasons import Reason

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
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

# Words that mean ourselves, at whatever command they come: Postfix judges login and sender only at RCPT, Amazon SES
# and Exchange only at the end of the data.
_ABOUT_US_CODES = {"5.4.5", "5.1.7", "5.1.8", "5.7.3", "5.7.8", "5.7.9", "5.7.11", "5.7.14", "5.7.60"}
_ABOUT_US = re.compile(
    "|".join(
        (
            r"authentication (is )?required|must authenticate|log ?in first",
            r"(sending|daily|hourly) (user )?(sending )?(quota|limit) (is |has been |was )?(exceeded|reached|used up)",
            r"(exceeded|reached) (your|the) (daily |hourly |monthly )?sending (quota|limit)",
            r"daily message quota exceeded",
            r"relay(ing)? (access )?(denied|not (permitted|allowed))|unable to relay|not permitted to relay",
            r"sender address rejected|(invalid|unverified) sender|send as this|not owned by",
            r"sender (is )?(rejected|refused|not (allowed|authori[sz]ed|permitted|verified|accepted))",
            r"sender .{0,40}(invalid|not (valid|verified))|from address .{0,40}(not|invalid)|address is not verified",
            r"domain .{0,60}not (verified|authori[sz]ed|registered)|account (is )?(suspended|disabled|not active)",
        )
    ),
    re.IGNORECASE,
)


def enhanced_code(text: str) -> str:
    """The enhanced status code in a reply ("5.1.1"), or nothing."""
    found = _ENHANCED.search(text[:80])
    return found[0] if found else ""


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


def is_about_us(code: int | None, text: str) -> bool:
    """Whether a refusal is about our login or our sender: nobody written to may be counted as refused for it."""
    return code in (530, 534, 535, 538) or enhanced_code(text) in _ABOUT_US_CODES or bool(_ABOUT_US.search(text))
