"""Brevo: a code and a message, the code out of a fixed list.

developers.brevo.com/reference (the error codes in the schema of every call), /docs/api-limits (429 and its headers),
/docs/idempotent-requests: a known key is refused as duplicate_parameter, one at work as duplicate_request.
"""

from delivery.dialects.phrases import Meaning, says


def _code(names: str) -> str:
    return rf'"code"\s*:\s*"({names})"'


PHRASES = (
    says(Meaning.TAKEN_BEFORE, _code("duplicate_parameter"), statuses=frozenset({400})),
    says(Meaning.IN_PROGRESS, _code("duplicate_request")),
    says(Meaning.QUOTA, _code("not_enough_credits")),
    says(Meaning.ACCOUNT, _code("unauthorized|permission_denied|account_under_validation|account_in_process")),
    says(Meaning.ADDRESS, r"email is not valid in to"),
)
