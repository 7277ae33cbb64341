"""Why servers refuse, in words for a marketer: the cause, and what to do next."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Cause:
    """`kind` colours the icon: bad, warn or nothing."""

    title: "str | _StrPromise"
    next: "str | _StrPromise"
    icon: str = "mail-off"
    kind: str = ""


DEAD = Cause(
    _("The address does not exist"), _("They are not written to again. Nothing to do on your side."), "mail-x", "bad"
)
DISABLED = Cause(
    _("The mailbox is closed or asleep"),
    _("After several refusals Envol stops by itself. If there are many: your list is old."),
    "mail-x",
)
FULL = Cause(_("The mailbox is full"), _("Passing: they are tried again with the next campaign."), "inbox-off")
SIZE = Cause(_("The message is too large for them"), _("Make it lighter: fewer or smaller images."), "weight", "warn")
NOT_AUTHENTICATED = Cause(
    _("The sender’s domain is not proven (SPF, DKIM, DMARC)"),
    _(
        "Publish the records of the page “Senders”, with a From address of that domain. Everything is "
        "refused until then."
    ),
    "shield-x",
    "bad",
)
NO_REVERSE_NAME = Cause(
    _("The address we send from has no proper name (PTR)"),
    _("Whoever owns the sending address sets it: your provider, or your host if the server is yours."),
    "server-off",
    "bad",
)
NO_TLS = Cause(
    _("They take encrypted mail only"), _("Switch encryption on at your provider, or ask them to."), "lock", "bad"
)
TOO_FAST = Cause(
    _("Too many messages in a short time"),
    _(
        "Envol slows down for this mailbox provider and comes back step by step. Nothing to do, unless "
        "it lasts for days."
    ),
    "clock-pause",
    "warn",
)
TOO_MANY_CONNECTIONS = Cause(
    _("Too many connections at once"),
    _("Envol opens fewer by itself. If other programs send from the same address, they count too."),
    "clock-pause",
    "warn",
)
PERSON_TOO_FAST = Cause(
    _("This person receives mail too quickly"),
    _("It is about their mailbox, not about you. They are tried again."),
    "clock-pause",
)
COMPLAINTS = Cause(
    _("Too many of their people reported us as spam"),
    _(
        "For two weeks write only to those who clicked lately, and make leaving easy. The complaint "
        "rate is on the home page."
    ),
    "flag",
    "bad",
)
BAD_ADDRESS_REPUTATION = Cause(
    _("The address we send from has a bad name with them"),
    _(
        "Ask your provider about it: on a shared address, for another pool; on your own, ask them to "
        "look again and go slowly."
    ),
    "shield-x",
    "bad",
)
BAD_DOMAIN_REPUTATION = Cause(
    _("Your domain has a bad name with them"),
    _("For two weeks write only to those who clicked lately, then widen step by step. Another address would not help."),
    "shield-x",
    "bad",
)
LISTED = Cause(
    _("We are on a public blocklist"),
    _(
        "Look the address up at the list named in the answer, remove the cause, ask to be taken off. "
        "Your provider does it for shared addresses."
    ),
    "list-search",
    "bad",
)
LISTED_LINK = Cause(
    _("A link in the message is on a blocklist"),
    _("Look at every link, short links and picture hosts first, and send again without the one that is listed."),
    "unlink",
    "bad",
)
SPAM = Cause(
    _("The message looked like spam to them"),
    _(
        "Look at the subject, at links to other domains, and at how much is only pictures. If all is "
        "refused, it is your reputation."
    ),
    "file-alert",
    "warn",
)
FORM = Cause(
    _("Something in the form of the message is refused"),
    _("Look at the From address and the attachments. If they are plain, send the answer to whoever runs Envol."),
    "file-alert",
    "warn",
)
THEIR_RULES = Cause(
    _("Their company’s own rules refuse us"),
    _("Only the people there can change it: ask one of them to have your domain allowed."),
    "building",
)
BLOCKED_BY_PERSON = Cause(
    _("The person has blocked this sender"), _("Take it as a goodbye: do not write to them by another way."), "user-off"
)
GREETING = Cause(
    _("They ask every newcomer to come back later"),
    _("Usual at a first contact. Envol tries again by itself."),
    "clock",
)
TROUBLE = Cause(
    _("Their server has trouble"), _("Passing, and not about you. Envol tries again by itself."), "cloud-off"
)
SENDER = Cause(
    _("The sender’s address is not accepted"),
    _("Its domain must exist and take mail. Look at the page “Senders”."),
    "user-x",
    "bad",
)
LOGIN = Cause(
    _("Our provider does not let us send"),
    _("Look at the account under “Providers”: password, verified sender, quota, invoices."),
    "plug-connected-x",
    "bad",
)
QUOTA = Cause(
    _("The account’s quota is used up"),
    _(
        "The rest leaves through the stream’s next account, or waits for the quota’s end. A larger plan at the "
        "provider, then “Use it again” on the page “Providers”, ends it at once."
    ),
    "clock-pause",
    "warn",
)
RATE = Cause(
    _("The provider takes only so many messages at a time"),
    _("Envol waits as long as it asks, and goes on by itself. Nothing to do."),
    "clock-pause",
)
ACCOUNT = Cause(
    _("The provider refuses the account"),
    _(
        "Look at the key or password in its settings, and at the provider whether the account is suspended, under "
        "review or unpaid; then “Try it” on the page “Providers”."
    ),
    "plug-connected-x",
    "bad",
)
NOT_OUR_DOMAIN = Cause(
    _("The account may not send in this domain’s name"),
    _("Add the domain at the provider and have it verified there; then “Use it again” on the page “Providers”."),
    "user-x",
    "bad",
)
UNREACHABLE = Cause(
    _("The provider’s server does not answer"),
    _(
        "Envol looks again by itself, and later each time. If it lasts, look at the server’s address and at the "
        "provider’s status page."
    ),
    "cloud-off",
    "bad",
)
ENCRYPTION = Cause(
    _("Port and encryption do not fit this server"),
    _(
        "Look at the provider’s settings: 587 with STARTTLS, 465 with TLS, and the server’s name as your provider "
        "gave it."
    ),
    "lock-off",
    "bad",
)
CERTIFICATE = Cause(
    _("The server cannot prove who it is"),
    _(
        "Its certificate is out of date, not signed by anybody known, or for another name. Look at the server’s name; "
        "else whoever runs it has to renew it."
    ),
    "certificate-off",
    "bad",
)
LISTED_THERE = Cause(
    _("Your provider does not write to this address any more"),
    _("It bounced or complained there before. Have it taken off the provider’s own list only when the person asks."),
    "user-off",
)
UNEXPLAINED = Cause(
    _("An answer nobody has explained yet"),
    _("Envol tries again by itself. The answer is below, word for word."),
    "help",
)
