"""Mailchimp Transactional (Mandrill). Its API answers 500 to what it calls an error, with a name: nothing was sent.
Only GeneralError tells nothing. A recipient it does not write to is "rejected" in an answer of 200, with a reason.

mailchimp.com/developer/transactional/docs/error-glossary, /api/messages/send-new-message (reject_reason).
"""

from delivery.dialects.phrases import ANY_4XX, Meaning, says

_ERRORS = ANY_4XX | {500}
_OK = frozenset({200})


def _name(names: str) -> str:
    return rf'"name"\s*:\s*"({names})"'


def _reason(names: str) -> str:
    return rf'"reject_reason"\s*:\s*"({names})"'


PHRASES = (
    says(Meaning.QUOTA, _name("PaymentRequired"), statuses=_ERRORS),
    says(Meaning.ACCOUNT, _name("Invalid_Key|Unknown_Subaccount|PoorReputation"), statuses=_ERRORS),
    says(Meaning.ACCOUNT, r"specify a key value", statuses=_ERRORS),
    says(Meaning.TOO_FAST, _name("ServiceUnavailable"), statuses=_ERRORS),
    says(Meaning.CONTENT, _name("ValidationError"), statuses=_ERRORS),
    says(Meaning.SENDER, _reason("unsigned|invalid-sender"), statuses=_OK),
    says(Meaning.QUOTA, _reason("test-mode-limit"), statuses=_OK),
    says(Meaning.ADDRESS, _reason("invalid"), statuses=_OK),
    says(Meaning.LISTED, _reason("hard-bounce|soft-bounce|spam|unsub|custom|rule"), statuses=_OK),
)
