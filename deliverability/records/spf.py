"""SPF as a mailbox provider reads it (RFC 7208), asked one question: does it let this server send?"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from deliverability.records.asking import Address, Dns

MOST_LOOKUPS, MOST_VOID = 10, 2  # RFC 7208 4.6.4
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE)
_HOST = re.compile(r"(?P<kind>a|mx)(:(?P<host>[^/]+))?(/(?P<four>\d{1,2}))?(//(?P<six>\d{1,3}))?", re.IGNORECASE)


class SpfState(StrEnum):
    COVERED = "covered"
    NOT_COVERED = "not_covered"
    MISSING = "missing"
    SEVERAL = "several"
    TOO_MANY = "too_many"  # look-ups
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Spf:
    """`record`: what stands at the domain; `fault`: the name or term where reading it ended."""

    state: SpfState
    record: str = ""
    fault: str = ""


class _Ended(Exception):
    def __init__(self, state: SpfState, fault: str) -> None:
        super().__init__(fault)
        self.state, self.fault = state, fault


def spf_of(domain: str, *, via: str, dns: Dns) -> Spf:
    """Whether the domain's SPF lets mail pass from `via`: an address of the server, or the name a provider tells its
    customers to include. Raises Silent."""
    reading = _Reading(via, dns)
    try:
        is_covered = reading.passes(domain)
    except _Ended as ended:
        return Spf(ended.state, reading.first, ended.fault)
    return Spf(SpfState.COVERED if is_covered else SpfState.NOT_COVERED, reading.first)


def address_in(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


class _Reading:
    def __init__(self, via: str, dns: Dns) -> None:
        self.dns, self.address = dns, address_in(via)
        self.name = "" if self.address else via.rstrip(".").lower()
        self.lookups = self.voids = 0
        self.first = ""

    def passes(self, domain: str) -> bool:
        """What check_host() of RFC 7208 4 says of one domain: pass, or anything else."""
        elsewhere = ""
        for term in self._record(domain).split()[1:]:
            if modifier := _MODIFIER.fullmatch(term):
                elsewhere = modifier[2] if modifier[1].lower() == "redirect" else elsewhere
            elif self._matches(term.lstrip("+-~?"), domain):
                return term[0] not in "-~?"
        if not elsewhere:
            return False
        self._count(elsewhere)
        return elsewhere.rstrip(".").lower() == self.name or self._includes(elsewhere)

    def _record(self, domain: str) -> str:
        found = [text for text in self.dns.texts(domain).values if text.split(" ")[0].lower() == "v=spf1"]
        if not self.first and len(found) == 1:
            self.first = found[0]
        if len(found) != 1:
            raise _Ended(SpfState.SEVERAL if found else SpfState.MISSING, domain)
        return found[0]

    def _matches(self, term: str, domain: str) -> bool:
        name, _colon, value = term.partition(":")
        if host := _HOST.fullmatch(term):
            self._count(term)
            return self._is_host(host, domain)
        match name.lower():
            case "all":
                return True
            case "ip4" | "ip6":
                return self._is_in(value)
            case "include":
                self._count(value)
                return value.rstrip(".").lower() == self.name or self._includes(value)
            case "exists" | "ptr":
                self._count(term)  # by who is written to, or given up: nothing that holds for everybody
                return False
        raise _Ended(SpfState.BROKEN, term)

    def _includes(self, domain: str) -> bool:
        if "%" in domain:
            return False
        try:
            return self.passes(domain)
        except _Ended as ended:
            # what is included must be there (RFC 7208 5.2): a missing one breaks the whole record
            raise _Ended(SpfState.BROKEN if ended.state == SpfState.MISSING else ended.state, ended.fault) from ended

    def _is_in(self, network: str) -> bool:
        try:
            return self.address is not None and self.address in ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise _Ended(SpfState.BROKEN, network) from error

    def _is_host(self, term: re.Match[str], domain: str) -> bool:
        host = term["host"] or domain
        if self.address is None or "%" in host:
            return False  # a name is looked for: addresses say nothing, and count all the same
        hosts = self.dns.mail_hosts(host)[:MOST_LOOKUPS] if term["kind"].lower() == "mx" else (host,)
        found = [address for one in hosts for address in self.dns.addresses(one)]
        self._count_void(host, found)
        width = term["four" if self.address.version == 4 else "six"] or self.address.max_prefixlen
        return any(self._is_in(f"{address}/{width}") for address in found if address.version == self.address.version)

    def _count(self, term: str) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise _Ended(SpfState.TOO_MANY, term)

    def _count_void(self, host: str, found: list[Address]) -> None:
        self.voids += not found
        if self.voids > MOST_VOID:
            raise _Ended(SpfState.TOO_MANY, host)
