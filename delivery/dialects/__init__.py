"""How each provider says no: its phrases are data, a module a provider, and everybody reads an answer through them.

Lanes ask what became of a message, fail-over what is the matter with the account, pages what to tell a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery.capabilities import SMTP
from delivery.dialects import (
    amazon_ses,
    brevo,
    general,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    scaleway,
    sendgrid,
    smtp,
    sparkpost,
    unisender_go,
    waits,
)
from delivery.dialects.phrases import Meaning, Phrase, enhanced_code
from delivery.limits.days import until_tomorrow

__all__ = ["DIALECTS", "Meaning", "Said", "enhanced_code", "is_about_us", "meaning_of", "read"]

DIALECTS: Mapping[str, tuple[Phrase, ...]] = {
    SMTP: smtp.PHRASES,
    "amazon_ses": amazon_ses.PHRASES,
    "brevo": brevo.PHRASES,
    "mailersend": mailersend.PHRASES,
    "mailgun": mailgun.PHRASES,
    "mailjet": mailjet.PHRASES,
    "mailtrap": mailtrap.PHRASES,
    "mandrill": mandrill.PHRASES,
    "postal": postal.PHRASES,
    "postmark": postmark.PHRASES,
    "resend": resend.PHRASES,
    "scaleway": scaleway.PHRASES,
    "sendgrid": sendgrid.PHRASES,
    "sparkpost": sparkpost.PHRASES,
    "unisender_go": unisender_go.PHRASES,
}
# What an HTTP status says where no phrase fits (RFC 9110, 6585; 420 is SparkPost's and Mailgun's).
_BY_STATUS = {
    401: Meaning.ACCOUNT,
    402: Meaning.QUOTA,
    403: Meaning.ACCOUNT,
    408: Meaning.LATER,
    413: Meaning.SIZE,
    420: Meaning.TOO_FAST,
    425: Meaning.LATER,
    429: Meaning.TOO_FAST,
}
# A rate that asks for so long a rest is a quota by another name, and a quota that is over sooner is a rate.
LONG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer means. `wait`: until it is over, where that is known."""

    meaning: Meaning
    wait: timedelta | None = None


def meaning_of(kind: str, code: int | None, text: str) -> Meaning | None:
    """What an answer of a provider of this kind means; None where its status and its words say nothing we know.

    `code`: the HTTP status, or SMTP's three digits; None where it was not kept.
    """
    phrase = _phrase(kind, code, text)
    if phrase is not None:
        return phrase.meaning
    return None if kind == SMTP or code is None else _BY_STATUS.get(code)


def read(kind: str, code: int | None, text: str, headers: Mapping[str, str], *, now: datetime) -> Said | None:
    """The same, with the wait that is asked for."""
    phrase = _phrase(kind, code, text)
    meaning = meaning_of(kind, code, text)
    if meaning is Meaning.QUOTA:
        said = waits.in_words(text, now=now)
        if said is not None and said < LONG:
            return Said(Meaning.TOO_FAST, said)
        if phrase is not None and phrase.ends_at_midnight:
            return Said(meaning, until_tomorrow(now))
        asked = waits.retry_after(headers, now=now)
        return Said(meaning, said or (asked if asked and asked >= LONG else None))
    if meaning in (Meaning.TOO_FAST, Meaning.LATER):
        asked = waits.of_rate(text, headers, now=now)
        is_long = meaning is Meaning.TOO_FAST and asked is not None and asked >= LONG
        return Said(Meaning.QUOTA if is_long else meaning, asked)
    return Said(meaning) if meaning else None


def is_about_us(code: int | None, text: str) -> bool:
    """Whether a refusal by SMTP, or a bounce, is about our login, sender or quota: nobody written to counts for it."""
    found = meaning_of(SMTP, code, text)
    return found is not None and found.is_about_us


def _phrase(kind: str, code: int | None, text: str) -> Phrase | None:
    for phrase in DIALECTS.get(kind, ()):
        if phrase.fits(code=code, text=text):
            return phrase
    if kind != SMTP and code is not None and not 400 <= code < 500:
        return None  # doubt, or a yes
    return next((phrase for phrase in general.PHRASES if phrase.fits(code=None, text=text)), None)
