"""Mailjet, version 3.1 of Send: an error a message, with a code, and the fields it is about.

dev.mailjet.com/email/guides/send-api-v31 ("Send API errors": send-0008 sender, mj-0013 an address, mj-0001 a blocked
account), /email/reference/overview/errors (401 key, 403, 429).
"""

from delivery.dialects.phrases import Meaning, says

PHRASES = (
    says(Meaning.ACCOUNT, r"mj-0001\b|temporarily blocked|authentication/authorization failure"),
    says(Meaning.SENDER, r"send-0008\b|authori[sz]ed sender|sender is not validated"),
    says(Meaning.SENDER, r"mj-0013\b.{0,300}\bFrom\b"),
    says(Meaning.ADDRESS, r"mj-0013\b"),
    says(Meaning.CONTENT, r"\b(mj|send)-0\d\d\d?\b"),
)
