"""Questions to the DNS, each asked once; an answer that does not come is told apart from one that says no."""

import ipaddress
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Silent(Exception):
    """No answer, or a server that failed: nobody knows, and nothing may be concluded."""


@dataclass(frozen=True, slots=True)
class Found:
    """`values`: what stands there, in the words of the zone; `chain`: where CNAMEs led, in order, without last dot;
    `is_there`: whether there is such a name at all, with records of any kind or names below it (RFC 8020)."""

    values: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    is_there: bool = True


class Dns:
    """One conversation with the name servers."""

    def __init__(self, ask: dns.resolver.Resolver) -> None:
        self._ask = ask
        self._ask.use_edns(0, 0, 1232)  # a key of 2,048 bits behind two CNAMEs passes the 512 octets of plain DNS
        self._known: dict[tuple[str, str], Found] = {}

    def texts(self, name: str) -> Found:
        """TXT records, the strings of each put together (RFC 7208 3.3). Raises Silent."""
        return self._found(name, "TXT")

    def addresses(self, name: str) -> list[Address]:
        """Of a host, both families. Raises Silent."""
        return [ipaddress.ip_address(text) for kind in ("A", "AAAA") for text in self._found(name, kind).values]

    def mail_hosts(self, name: str) -> tuple[str, ...]:
        """Who takes mail for a domain. Raises Silent."""
        return self._found(name, "MX").values

    def _found(self, name: str, kind: str) -> Found:
        key = (name.rstrip(".").lower(), kind)
        if key not in self._known:
            self._known[key] = self._asked(*key)
        return self._known[key]

    def _asked(self, name: str, kind: str) -> Found:
        try:
            answer = self._ask.resolve(dns.name.from_text(name), kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as error:
            chains = [one.resolve_chaining() for one in error.responses().values()]  # type: ignore[no-untyped-call]
            return Found(is_there=False, chain=tuple(_host(rr[0].target) for chain in chains for rr in chain.cnames))
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers, OSError) as error:
            raise Silent(name) from error
        except (dns.exception.DNSException, UnicodeError):
            return Found(is_there=False)  # no name at all: an empty or endless label in somebody's SPF
        chain = tuple(_host(rr[0].target) for rr in answer.chaining_result.cnames)
        return Found(tuple(_value(row, kind) for row in answer.rrset or ()), chain)


def _value(row: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(row.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
    if kind == "MX":
        return _host(row.exchange)  # type: ignore[attr-defined]
    return row.to_text()  # type: ignore[attr-defined,no-any-return]


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
