"""Who keeps a mailbox. The group of an address decides its batch, its limits and its row in a report.

Known here by domain; domains of companies hosted at one of them are told apart by their MX when that is looked up.
Numbers are stored on contacts and batches: never change one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class MailboxProvider:
    number: int
    name: "str | _StrPromise"
    domains: tuple[str, ...] = ()


OTHERS = 0

MAILBOX_PROVIDERS = (
    MailboxProvider(OTHERS, _("others")),
    MailboxProvider(1, "Gmail", ("gmail.com", "googlemail.com")),
    MailboxProvider(
        2,
        "Outlook, Hotmail",
        ("outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "hotmail.co.uk", "live.com", "live.fr", "msn.com"),
    ),
    MailboxProvider(3, "Yahoo", ("yahoo.com", "yahoo.fr", "yahoo.co.uk", "ymail.com", "rocketmail.com", "aol.com")),
    MailboxProvider(4, "Orange", ("orange.fr", "wanadoo.fr")),
    MailboxProvider(5, "La Poste", ("laposte.net",)),
    MailboxProvider(6, "Free", ("free.fr", "aliceadsl.fr")),
    MailboxProvider(7, "SFR", ("sfr.fr", "neuf.fr", "cegetel.net", "9online.fr", "club-internet.fr")),
    MailboxProvider(8, "Apple", ("icloud.com", "me.com", "mac.com")),
)

BY_NUMBER = {provider.number: provider for provider in MAILBOX_PROVIDERS}
_BY_DOMAIN = {domain: provider.number for provider in MAILBOX_PROVIDERS for domain in provider.domains}


def group_of(domain: str) -> int:
    """The provider's number for a domain (an A-label, lower case); OTHERS when unknown."""
    return _BY_DOMAIN.get(domain, OTHERS)
