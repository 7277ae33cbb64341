"""Whether mail from a domain of ours through an account passes DMARC: looked up in the DNS, kept with its date.

DMARC passes when DKIM or SPF passes *and* belongs to the From domain's organisation (RFC 7489 3.1, RFC 9989 4.4). An
API puts its own address on the envelope, so there only DKIM can; our SMTP lane puts the From address there, or the one
the domain has for bounces, so SPF can.
"""

from delivery.alignment.keeping import (
    add_missing,
    ask_again,
    ask_soon,
    confirm,
    describe,
    forget,
    keeps_envelope,
    look_up,
    lost,
    refused,
    row_of,
    uncovered,
)

__all__ = [
    "add_missing",
    "ask_again",
    "ask_soon",
    "confirm",
    "describe",
    "forget",
    "keeps_envelope",
    "look_up",
    "lost",
    "refused",
    "row_of",
    "uncovered",
]
