"""Asking the DNS for a domain's mail servers. Only the task of contacts/mail_domains.py does; no page, no snapshot."""

from dataclasses import dataclass

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings

from contacts.models import MailDomain

Answer = MailDomain.Answer


@dataclass(frozen=True, slots=True)
class Found:
    """What the DNS said. `hosts`: lower case, without the last dot, the preferred first."""

    answer: MailDomain.Answer
    hosts: tuple[str, ...] = ()


def resolver() -> dns.resolver.Resolver:
    """The machine's own, or settings.NAMESERVERS ("address" or "address:port").

    Raises dns.resolver.NoResolverConfiguration where the machine has none.
    """
    found = dns.resolver.Resolver(configure=not settings.NAMESERVERS)
    if settings.NAMESERVERS:
        found.nameservers = [_nameserver(text) for text in settings.NAMESERVERS]
    found.lifetime = settings.DNS_SECONDS
    found.timeout = settings.DNS_SECONDS / 2
    return found


def mail_servers(domain: str, *, ask: dns.resolver.Resolver) -> Found:
    """Who takes mail for a domain. Never raises for what a server may answer."""
    try:
        answer = ask.resolve(f"{domain}.", dns.rdatatype.MX, search=False)
    except dns.resolver.NXDOMAIN:
        return Found(Answer.REFUSES)
    except dns.resolver.NoAnswer:
        return Found(Answer.NONE)
    except dns.exception.DNSException:
        return Found(Answer.FAILED)
    rows = sorted((row.preference, row.exchange.to_text(omit_final_dot=True).lower()) for row in answer)
    hosts = tuple(host for _preference, host in rows if host and host != "@")
    if not hosts or rows[0][1] in {".", "@", ""}:
        return Found(Answer.REFUSES)
    return Found(Answer.SERVERS, hosts[:10])


def _nameserver(text: str) -> dns.nameserver.Do53Nameserver:
    address, _colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "53")
    return dns.nameserver.Do53Nameserver(address, int(port))
