"""Who keeps a mailbox. The group of an address decides its batch, its limits and its row in a report.

Public domains are known here; domains of companies by the servers that take their mail (contacts/mail_domains.py looks
them up). Numbers are stored on contacts and batches: never change one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class MailboxProvider:
    """`domains`: its public ones. `hosts`: what the names of its mail servers (MX) end in."""

    number: int
    name: "str | _StrPromise"
    domains: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


OTHERS = 0


def _at(name: str, *endings: str) -> tuple[str, ...]:
    return tuple(f"{name}.{ending}" for ending in endings)


_OUTLOOK = (
    *_at("outlook", "com", "fr", "de", "es", "it", "be"),
    *_at("hotmail", "com", "fr", "co.uk", "de", "es", "it", "be"),
    *_at("live", "com", "fr", "be", "co.uk", "it", "nl", "ca"),
    "msn.com",
)
_YAHOO = (
    *_at("yahoo", "com", "fr", "co.uk", "de", "es", "it", "ca"),
    *_at("aol", "com", "fr"),
    "ymail.com",
    "rocketmail.com",
)

# Hosts as each publishes them in its guide for customers' domains. A filter in front of somebody else's mailboxes
# (Mimecast, Proofpoint …) is who answers us, and so is a group of its own.
MAILBOX_PROVIDERS = (
    MailboxProvider(OTHERS, _("others")),
    MailboxProvider(1, "Gmail", ("gmail.com", "googlemail.com"), ("google.com", "googlemail.com")),
    MailboxProvider(2, "Outlook, Hotmail", _OUTLOOK, ("olc.protection.outlook.com",)),
    MailboxProvider(3, "Yahoo", _YAHOO, ("yahoodns.net",)),
    MailboxProvider(4, "Orange", ("orange.fr", "wanadoo.fr"), ("orange.fr", "wanadoo.fr")),
    MailboxProvider(5, "La Poste", ("laposte.net",), ("laposte.net",)),
    MailboxProvider(6, "Free", ("free.fr", "aliceadsl.fr"), ("free.fr", "proxad.net")),
    MailboxProvider(
        7, "SFR", ("sfr.fr", "neuf.fr", "cegetel.net", "9online.fr", "club-internet.fr"), ("sfr.fr", "neuf.fr")
    ),
    MailboxProvider(8, "Apple", ("icloud.com", "me.com", "mac.com"), ("mail.icloud.com",)),
    MailboxProvider(9, "Microsoft 365", (), ("mail.protection.outlook.com", "mx.microsoft")),
    MailboxProvider(10, "OVHcloud", (), ("ovh.net", "ovh.com")),
    MailboxProvider(11, "Gandi", (), ("gandi.net",)),
    MailboxProvider(
        12, "IONOS", (), ("kundenserver.de", "ionos.com", "ionos.fr", "ionos.de", "ionos.co.uk", "ionos.es", "1and1.fr")
    ),
    MailboxProvider(13, "Proton", ("protonmail.com", "proton.me", "pm.me"), ("protonmail.ch",)),
    MailboxProvider(
        14,
        "GMX, WEB.DE",
        ("gmx.de", "gmx.net", "gmx.fr", "gmx.com", "gmx.at", "gmx.ch", "web.de", "mail.com"),
        ("gmx.net", "web.de", "mail.com"),
    ),
    MailboxProvider(15, "Zoho", ("zoho.com", "zohomail.com", "zohomail.eu"), ("zoho.com", "zoho.eu", "zohomail.com")),
    MailboxProvider(16, "Mimecast", (), ("mimecast.com", "mimecast.co.za")),
    MailboxProvider(17, "Proofpoint", (), ("pphosted.com", "ppe-hosted.com")),
    MailboxProvider(18, "Barracuda", (), ("barracudanetworks.com",)),
    MailboxProvider(19, "Infomaniak", ("ik.me", "ikmail.com"), ("infomaniak.ch", "ikmail.com")),
    MailboxProvider(20, "Fastmail", ("fastmail.com", "fastmail.fm"), ("messagingengine.com",)),
    MailboxProvider(21, "Bouygues Telecom", ("bbox.fr",), ("bbox.fr",)),
    MailboxProvider(22, "Libero", ("libero.it", "virgilio.it", "iol.it", "inwind.it"), ("libero.it",)),
    MailboxProvider(23, "T-Online", ("t-online.de",), ("t-online.de",)),
    MailboxProvider(24, "Mailinblack", (), ("mailinblack.com",)),
    MailboxProvider(25, "Cisco", (), ("iphmx.com",)),
)

BY_NUMBER = {provider.number: provider for provider in MAILBOX_PROVIDERS}
_BY_DOMAIN = {domain: provider.number for provider in MAILBOX_PROVIDERS for domain in provider.domains}
_BY_HOST = {host: provider.number for provider in MAILBOX_PROVIDERS for host in provider.hosts}


def group_of(domain: str) -> int:
    """The provider's number for a domain (an A-label, lower case); OTHERS when unknown."""
    return _BY_DOMAIN.get(domain, OTHERS)


def group_of_hosts(hosts: Sequence[str]) -> int:
    """The provider behind a domain's mail servers, the first that is known; OTHERS when none is."""
    for host in hosts:
        labels = host.lower().rstrip(".").split(".")
        for start in range(len(labels) - 1):
            if found := _BY_HOST.get(".".join(labels[start:])):
                return found
    return OTHERS
