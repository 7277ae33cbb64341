"""Postal: status 200 always, the refusal in the body's "status", with a code. A server over its limit takes messages
and holds them (github.com/postalserver/postal/issues/2875): that is no answer of the API.

apiv1.postalserver.io/controllers/send/message.html.
"""

from delivery.dialects.phrases import ANY_4XX, Meaning, says

_STATUSES = ANY_4XX | {200}

PHRASES = (
    says(Meaning.ACCOUNT, r"InvalidServerAPIKey|AccessDenied|ServerSuspended|no valid API key", statuses=_STATUSES),
    says(Meaning.SENDER, r"UnauthenticatedFromAddress|FromAddressMissing", statuses=_STATUSES),
    says(Meaning.ADDRESS, r"NoRecipients", statuses=_STATUSES),
    says(Meaning.CONTENT, r'"status"\s*:\s*"(parameter-error|error)"', statuses=_STATUSES),
)
