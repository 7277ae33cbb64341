"""Amazon SES, version 2 of its API. An error is its name and a text.

docs.aws.amazon.com/ses/latest: APIReference-V2/API_SendEmail.html (names), dg/manage-sending-quotas-errors.html (both
limits; the quota is of the last 24 hours), dg/troubleshoot-error-messages.html.
"""

from delivery.dialects.phrases import Meaning, says

PHRASES = (
    says(Meaning.QUOTA, r"daily (message|sending) quota exceeded"),
    says(Meaning.TOO_FAST, r"maximum sending rate exceeded|^(Throttling|TooManyRequests|LimitExceeded)"),
    says(
        Meaning.ACCOUNT,
        r"^(AccountSuspended|SendingPaused|AccountSendingPaused|ConfigurationSet\w+|NotFound|AccessDenied"
        r"|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|ExpiredToken)",
    ),
    says(Meaning.SENDER, r"^MailFromDomainNotVerified|address is not verified|identities failed the check"),
    says(Meaning.LISTED, r"suppression list"),
    says(Meaning.ADDRESS, r"missing final '@domain'|illegal address"),
    says(Meaning.CONTENT, r"^MessageRejected"),
)
