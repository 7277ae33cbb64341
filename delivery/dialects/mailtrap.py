"""Mailtrap: a list of sentences under "errors".

api-docs.mailtrap.io (sending: 401, 403, 429), help.mailtrap.io (sending limits: the plan's month), and the sentences in
django-anymail's and Mailtrap's own clients.
"""

from delivery.dialects.phrases import Meaning, says

PHRASES = (
    says(Meaning.QUOTA, r"(email|sending|plan) limit (is |has been )?reached|upgrade your plan"),
    says(
        Meaning.SENDER,
        r"demo domain|domain .{0,60}not (allowed|verified)|unauthori[sz]ed domain|'from' address",
    ),
    says(Meaning.ADDRESS, r"'to'( \d+)?( address)? is invalid|invalid in 'to'"),
    says(Meaning.LISTED, r"suppress"),
)
