"""Resend: a name out of a fixed list, and a message.

resend.com/docs/api-reference/errors, /api-reference/rate-limit (Retry-After, ratelimit-reset). The quotas of a day and
of a month both come with 429; the day's is over 24 hours after it began.
"""

from delivery.dialects.phrases import Meaning, says


def _name(names: str) -> str:
    return rf'"name"\s*:\s*"({names})"'


PHRASES = (
    says(Meaning.IN_PROGRESS, r"concurrent_idempotent_requests|invalid_idempotent_request"),
    says(Meaning.QUOTA, r"(daily|monthly)_quota_exceeded"),
    says(Meaning.TOO_FAST, r"rate_limit_exceeded"),
    says(
        Meaning.ACCOUNT,
        _name("(missing|restricted|invalid)_api_key|invalid_access|security_error"),
    ),
    says(Meaning.SENDER, _name("invalid_from_address") + r"|testing emails|domain is not verified|invalid `from`"),
    says(Meaning.ADDRESS, r"invalid `to`"),
    says(Meaning.CONTENT, _name("invalid_attachment|missing_required_field|invalid_parameter")),
)
