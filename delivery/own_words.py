"""Sentences of ours and of the system that stand where a server's words stand.

They are stored in English, beside what servers say, and shown in the reader's language: `said`, and the filter `said`.
"""

from django.utils.translation import gettext, gettext_noop

OURS = (
    gettext_noop("STARTTLS is not offered"),
    gettext_noop("unexpected octets after STARTTLS"),
    gettext_noop("neither AUTH PLAIN nor AUTH LOGIN is offered"),
    gettext_noop("the answer is not SMTP"),
    gettext_noop("the server closed the connection"),
    gettext_noop("the connection was cut"),
    gettext_noop("the connection was cut before the answer"),
    gettext_noop("no answer in time"),
    gettext_noop("SMTPUTF8 is not offered"),
    # of the system
    gettext_noop("Connection refused"),
    gettext_noop("Connection reset by peer"),
    gettext_noop("Name or service not known"),
    gettext_noop("Temporary failure in name resolution"),
    gettext_noop("No route to host"),
    gettext_noop("Network is unreachable"),
)


def said(words: str) -> str:
    """A server's words as they are, ours in the reader's language."""
    return gettext(words) if words in OURS else words
