"""Postmark: an ErrorCode with 422, and one a line in a call for several.

postmarkapp.com/developer/api/overview#error-codes; 405 is said when the credits are used up.
"""

from delivery.dialects.phrases import ANY_4XX, Meaning, says

_STATUSES = ANY_4XX | {200, 503}


def _code(numbers: str) -> str:
    return rf'("ErrorCode"\s*:\s*|^)({numbers})\b'


PHRASES = (
    says(Meaning.TOO_FAST, _code("100|429"), statuses=_STATUSES),  # maintenance, rate
    says(Meaning.QUOTA, _code("405"), statuses=_STATUSES),
    says(Meaning.ACCOUNT, _code(r"10|412|413|12\d\d"), statuses=_STATUSES),
    says(Meaning.SENDER, _code("400|401"), statuses=_STATUSES),
    says(Meaning.LISTED, _code("406"), statuses=_STATUSES),
    says(Meaning.SENDER, _code("300") + r".{0,60}'From'", statuses=_STATUSES),
    says(Meaning.ADDRESS, _code("300") + r".{0,60}'To'", statuses=_STATUSES),
    says(Meaning.CONTENT, _code("300|402|403|409|411"), statuses=_STATUSES),
)
