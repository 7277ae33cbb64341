"""Scaleway: a type out of a fixed list, with details.

scaleway.com/en/developers/api (errors), scaleway.com/en/docs/transactional-email/reference-content/
tem-capabilities-and-limits: the quota is of a month, and so is its end.
"""

from delivery.dialects.phrases import Meaning, says


def _type(names: str) -> str:
    return rf'"type"\s*:\s*"({names})"'


PHRASES = (
    says(Meaning.QUOTA, _type("quotas_exceeded")),
    says(Meaning.TOO_FAST, _type("too_many_requests")),
    says(Meaning.ACCOUNT, _type("permissions_denied|denied_authentication|locked|expired_token")),
    says(Meaning.SENDER, r'"argument_name"\s*:\s*"(from|domain)|"resource"\s*:\s*"domain"'),
    says(Meaning.SENDER, _type("precondition_failed")),
    says(Meaning.ADDRESS, r'"argument_name"\s*:\s*"to'),
    says(Meaning.CONTENT, _type("invalid_arguments")),
)
