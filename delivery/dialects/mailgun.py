"""Mailgun: a sentence. What an account may not do begins with "Domain … is not allowed to send:", whatever the status
(400, 403, 420, 421 by SMTP, 429).

documentation.mailgun.com/docs/mailgun/quickstart-guide/responses, help.mailgun.com (error messages of the API), and the
limit's own sentence with its end in github.com/mailgun/mailgun-java/issues/50.
"""

from delivery.dialects.phrases import Meaning, says

PHRASES = (
    says(
        Meaning.QUOTA,
        r"not allowed to send: (recipient|request|bytes|message)s? limit|you are sending too fast"
        r"|limited to \d+ messages|you've (reached|exceeded)",
    ),
    says(
        Meaning.ACCOUNT,
        r"activate your mailgun account|(free accounts|sandbox subdomains) are for test|domain (is )?disabled"
        r"|account .{0,40}disabled|^\W*Forbidden",
    ),
    says(Meaning.SENDER, r"not allowed to send|domain not found|from parameter is not a valid"),
    says(Meaning.ADDRESS, r"to parameter is not a valid address"),
    says(Meaning.LISTED, r"suppress|previously (bounced|complained|unsubscribed)"),
)
