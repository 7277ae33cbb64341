"""One function decides what an address is, used by import, forms, API and suppression. SQL never lowers an address."""

import hashlib
import re
import unicodedata

from django.conf import settings
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

# What needs no library: plain ASCII dot-atoms and host names (RFC 5321). One in a thousand addresses goes the long way.
_PLAIN = re.compile(
    r"[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


class BrokenAddress(ValueError):
    """Not an address mail can be sent to; the message says why, in the active language."""


def address_key(address: str) -> str:
    """Trim, NFC, domain to A-label, lower case. Raises BrokenAddress for what no mail can reach."""
    text = address.strip().lower()
    if len(text) <= 200 and _PLAIN.fullmatch(text) and text.index("@") <= 64 and "xn--" not in text:
        return text
    text = unicodedata.normalize("NFC", address.strip())
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError as error:
        raise BrokenAddress(_("“%(address)s” is not a valid address.") % {"address": text[:100]}) from error
    return f"{found.local_part}@{found.ascii_domain}".lower()


def domain_of(key: str) -> str:
    """The domain of an address key, as an A-label."""
    return key.rpartition("@")[2]


def fingerprint(key: str) -> bytes:
    """Keyed hash of an address key: what stays of an erased person, useless to whoever steals the table."""
    ring = settings.KEYS.link
    return hashlib.blake2b(key.encode(), key=ring[min(ring)], digest_size=32, person=b"envol-tombstone").digest()


def sort_key(first_name: str, last_name: str, address: str) -> str:
    """What contacts are ordered and found by: last name, first name, without accents or case, else the address."""
    name = f"{last_name} {first_name}".strip() or address
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return bare.casefold()[:200]
