"""What stands between a public form and ten thousand mails: how many posts one network may make, and how fast.

The mails themselves have their own limit in the database (services.confirmations.pass_gate); this one spares the pages.
"""

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import structlog
from django.core import signing
from django.core.cache import cache
from redis.exceptions import RedisError

from contacts.models import Confirmation

log = structlog.get_logger(__name__)

POSTS_AN_HOUR = 30
UNSTAMPED_AN_HOUR = 5
QUICKEST = timedelta(seconds=2)
LONGEST = timedelta(days=1)
_SALT = "contacts.subscribe"


class Verdict(Enum):
    PASS = "pass"  # noqa: S105
    ASK = "ask"  # one more click on our own page
    DROP = "drop"  # a machine: the usual answer, and nothing done
    SLOW = "slow"  # too many from this network


def stamp(*, at: datetime) -> str:
    """What the page carries to show when it was made."""
    return signing.dumps(int(at.timestamp()), salt=_SALT)


def age_of(stamped: str, *, at: datetime) -> timedelta | None:
    """How long ago the page was made; None for none, a forged one, or one of yesterday."""
    try:
        made = int(signing.loads(stamped, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        return None
    age = timedelta(seconds=int(at.timestamp()) - made)
    return age if timedelta(0) <= age <= LONGEST else None


def again_token(address: str) -> str:
    """What the page "look at your mailbox" carries, so that it can ask for the same mailbox again and for no other."""
    return signing.dumps(address, salt=f"{_SALT}.again")


def again_address(token: str) -> str:
    """The address of such a page of the last week, as it was typed; empty for anything else."""
    try:
        return str(signing.loads(token, salt=f"{_SALT}.again", max_age=timedelta(days=7)))
    except signing.BadSignature:
        return ""


def judge(*, ip: str | None, stamped: str, trap: str, at: datetime) -> Verdict:
    """What to do with a post. `trap`: the field no person sees."""
    if trap:
        return Verdict.DROP
    age = age_of(stamped, at=at)
    if age is not None and age < QUICKEST:
        return Verdict.DROP
    posts = count_posts(ip, at=at)
    if posts > POSTS_AN_HOUR:
        return Verdict.SLOW
    if age is None and posts > UNSTAMPED_AN_HOUR:
        return Verdict.ASK
    return Verdict.PASS


def is_ip(text: str) -> bool:
    """Whether a header's words are an address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def client_ip(headers: Mapping[str, Any]) -> str | None:
    """Whose request it is, of its META: behind a proxy on this machine, the address the proxy itself saw (the last)."""
    peer: str | None = headers.get("REMOTE_ADDR")
    seen = str(headers.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return seen if peer in ("127.0.0.1", "::1") and is_ip(seen) else peer


def network_of(ip: str | None) -> str:
    """What one subscriber line has: an IPv4 address, or a /64 of IPv6."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def count_posts(ip: str | None, *, at: datetime) -> int:
    """Posts of this network within the hour, this one included. Without Redis, by what was stored."""
    name = f"subscribe:{network_of(ip)}:{at:%Y%m%d%H}"
    try:
        cache.add(name, 0, timeout=3_600)
        return int(cache.incr(name))
    except (RedisError, ValueError) as error:
        log.warning("no_counters", error=str(error))
        return Confirmation.objects.filter(asked_ip=ip, asked_at__gt=at - timedelta(hours=1)).count() + 1
