"""Relays spoken to by SMTP: mail hosts, and the SMTP doors of providers that have an API too.

Gmail and Google Workspace: support.google.com/a/answer/3726730; 5.4.5 is a quota of the last 24 hours.
Microsoft 365: learn.microsoft.com/exchange/mail-flow-best-practices (client submission: 10,000 recipients a day; the
non-delivery codes 5.1.90 and 5.7.7xx are the tenant's). Amazon SES: docs.aws.amazon.com/ses/latest/dg/
troubleshoot-smtp.html. Mailgun, Mailtrap, Resend, SendGrid: the texts of their APIs, as their users report them.
Logins: RFC 4954.
"""

from delivery.dialects.phrases import Meaning, says

CODES = frozenset(range(400, 600))
_LOGIN = frozenset({530, 534, 535, 538})

PHRASES = (
    says(
        Meaning.QUOTA,
        r"SubmissionQuotaExceeded|daily message quota exceeded|smtp relay limit exceeded for (user|customer)"
        r"|domain sending quota|reached your daily limit|the email limit is reached|maximum credits"
        r"|exceeded your messaging limits|not allowed to send: (recipient|request|bytes) limit exceeded",
        statuses=CODES - {450},  # 450: "Peak SMTP relay limit", which passes in minutes
        enhanced=("5.4.5", "5.1.90"),
    ),
    says(
        Meaning.SENDER,
        r"not allowed to send: the domain is unverified",
        statuses=CODES,
        enhanced=("5.1.7", "5.1.8", "5.7.60", "5.7.750"),
    ),
    says(
        Meaning.ACCOUNT,
        r"traffic not accepted from this ip|tenant has exceeded threshold|is not allowed to send"
        r"|username and password not accepted",
        statuses=CODES,
        enhanced=("5.7.3", "5.7.8", "5.7.9", "5.7.11", "5.7.14", "5.7.57", "5.7.139", "5.7.705", "5.7.708"),
    ),
    says(Meaning.ACCOUNT, statuses=_LOGIN),
)
