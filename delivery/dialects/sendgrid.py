"""SendGrid: a list of messages, each with its field.

twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api (errors; rate limits: X-RateLimit-Reset with 429),
support.sendgrid.com/hc/en-us/articles/18322114821403 ("4XX API errors"). Spent credits come with 401:
github.com/sendgrid/sendgrid-nodejs/issues/1032.
"""

from delivery.dialects.phrases import Meaning, says

PHRASES = (
    says(Meaning.QUOTA, r"maximum credits exceeded|exceeded your messaging limits"),
    says(Meaning.SENDER, r"verified sender identity|'from' email|\"field\"\s*:\s*\"from"),
    says(Meaning.ACCOUNT, r"authorization grant is invalid|access forbidden|permission denied"),
    says(Meaning.ADDRESS, r"personalizations\.\d+\.to"),
)
