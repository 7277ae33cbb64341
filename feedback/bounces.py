"""What a bounce means for the person, read again from the server's own words: providers mix hard and soft, each in a
way of its own. The order of trust: enhanced code (RFC 3463), the text, the provider's label, its hints.
"""

import re
from collections.abc import Mapping
from typing import Any

from delivery.classify import refusal_reason
from delivery.dialects import is_about_us
from delivery.reasons import Reason
from feedback.models import BounceClass

_CODE = re.compile(r"\b([45])\.(\d{1,3})\.(\d{1,3})\b")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")  # 10.5.1.1 holds no code

_MEANINGS = {
    Reason.REFUSED_ADDRESS: BounceClass.HARD,
    Reason.REFUSED_FULL: BounceClass.SOFT,
    Reason.REFUSED_SIZE: BounceClass.NEUTRAL,
    Reason.REFUSED_CONTENT: BounceClass.NEUTRAL,
    Reason.REFUSED_POLICY: BounceClass.POLICY,
}
# django-anymail's reject reasons. "bounced" says nothing: hard and soft are both called so.
_LABELS = {
    "invalid": BounceClass.HARD,
    "blocked": BounceClass.POLICY,
    "spam": BounceClass.POLICY,
    "unsubscribed": BounceClass.NEUTRAL,
    "timed_out": BounceClass.SOFT,
}
# Fields of raw events in which providers say hard or soft, and their words for it.
_HINT_FIELDS = ("type", "event", "Type", "bounce_type", "bounceType", "severity", "hard_bounce", "delivery_status")
_HARD_WORDS = {
    "hard", "hardbounce", "hard_bounce", "hard_bounced", "permanent", "bademailaddress", "true", "err_user_unknown",
    "err_user_inactive", "err_domain_inactive",
}  # fmt: skip
_CODE_FIELDS = ("status", "bounce_code", "diag_code", "DiagnosticCode")


def classify(*, text: str, label: str = "", raw: Mapping[str, Any] | None = None) -> BounceClass:
    """The meaning of one bounce or rejection.

    `text` holds the server's words (SMTP reply, description), `label` django-anymail's reject reason, `raw` the
    provider's own event. In doubt it is SOFT: five in a row are needed before anybody is left out for it.
    """
    raw = raw or {}
    codes = [str(part[name]) for part in _parts(raw) for name in _CODE_FIELDS if part.get(name)]
    return _by_words(" ".join([text, *codes])) or _LABELS.get(label) or _by_hints(raw)


def _by_words(text: str) -> BounceClass | None:
    text = _IP.sub("", text)
    match = _CODE.search(text)
    words = text[match.start() :] if match else text
    if match and match[2] == "7":
        return BounceClass.POLICY
    if match and match[1] == "4":
        return BounceClass.SOFT
    if is_about_us(None, words):
        return BounceClass.POLICY
    found = _MEANINGS.get(refusal_reason(None, words))
    if match and match[2] == "1" and found is not BounceClass.POLICY:
        return BounceClass.HARD  # any 5.1.x that is not about our own address
    return found


def _by_hints(raw: Mapping[str, Any]) -> BounceClass:
    words = {str(part[name]).lower() for part in _parts(raw) for name in _HINT_FIELDS if part.get(name)}
    return BounceClass.HARD if words & _HARD_WORDS else BounceClass.SOFT


def _parts(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The event and the objects one and two levels down: most providers wrap it."""
    first = [value for value in raw.values() if isinstance(value, Mapping)]
    return [raw, *first, *(value for part in first for value in part.values() if isinstance(value, Mapping))]
