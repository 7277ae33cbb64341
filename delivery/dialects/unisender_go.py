"""Unisender Go: a message and a number; people it does not write to stand in "failed_emails", with a word.

godocs.unisender.ru/web-api-ref ("email/send", failed_emails; "API errors").
"""

from delivery.dialects.phrases import ANY_4XX, Meaning, says

_STATUSES = ANY_4XX | {200}


def _failed(words: str) -> str:
    return rf'"failed_emails".{{0,200}}:\s*"({words})"'


PHRASES = (
    says(Meaning.SENDER, r"from[_ ](email|domain).{0,60}(un|not )confirmed|from_email"),
    says(Meaning.ADDRESS, _failed("invalid"), statuses=_STATUSES),
    says(
        Meaning.LISTED,
        _failed("unsubscribed|complained|blocked|permanent_unavailable|temporary_unavailable"),
        statuses=_STATUSES,
    ),
)
