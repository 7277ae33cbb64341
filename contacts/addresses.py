"""One function decides what an address is, used by import, forms, API and suppression. SQL never lowers an address."""

import hashlib
import re
import unicodedata
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

# What needs no library: plain ASCII dot-atoms and host names (RFC 5321). Few addresses go the long way, 80 µs each;
# the domains of those are remembered, because a file names the same ones again and again.
_PLAIN = re.compile(
    r"[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_PLAIN_LOCAL = re.compile(r"[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*")


class BrokenAddress(ValueError):
    """Not an address mail can be sent to; the message says why, in the active language."""


def address_key(address: str) -> str:
    """Trim, NFC, domain to A-label, lower case. Raises BrokenAddress for what no mail can reach."""
    text = address.strip().lower()
    if len(text) <= 200 and _PLAIN.fullmatch(text) and text.index("@") <= 64 and "xn--" not in text:
        return text
    local, _at, domain = text.rpartition("@")
    if len(local) <= 64 and len(domain) <= 200 and not domain.isascii() and _PLAIN_LOCAL.fullmatch(local):
        try:
            key = f"{local}@{_a_label(domain)}"
        except BrokenAddress:
            key = ""
        if 0 < len(key) <= 200:
            return key
    return _long_way(address.strip())


@lru_cache(maxsize=10_000)
def _a_label(domain: str) -> str:
    """The A-label of a domain with other letters, lower case."""
    return domain_of(_long_way(f"x@{domain}"))


def _long_way(address: str) -> str:
    text = unicodedata.normalize("NFC", address)
    if "\ufffd" in text:  # stands for an octet nobody could read
        raise BrokenAddress(_broken(text))
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError as error:
        raise BrokenAddress(_broken(text)) from error
    if len(found.local_part.encode()) > 64:  # RFC 5321, 4.5.3.1.1
        raise BrokenAddress(_broken(text))
    return f"{found.local_part}@{found.ascii_domain}".lower()


def _broken(text: str) -> str:
    return _("“%(address)s” is not a valid address.") % {"address": text[:100]}


def domain_of(key: str) -> str:
    """The domain of an address key, as an A-label."""
    return key.rpartition("@")[2]


def fingerprint(key: str) -> bytes:
    """Keyed hash of an address key: what stays of an erased person, useless to whoever steals the table."""
    ring = settings.KEYS.link
    return hashlib.blake2b(key.encode(), key=ring[min(ring)], digest_size=32, person=b"envol-tombstone").digest()


def sort_key(first_name: str, last_name: str, address: str) -> str:
    """What contacts are ordered and found by: last name, first name, without accents or case, else the address."""
    return (f"{folded(last_name)} {folded(first_name)}".strip() or folded(address))[:200]


def folded(text: str) -> str:
    """Without accents or case: two spellings people would call the same are equal."""
    return text.lower() if text.isascii() else _folded(text)


@lru_cache(maxsize=20_000)  # names repeat
def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
