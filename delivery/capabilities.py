"""What each kind of provider can do and asks for: one table of data, which drives pages, commands and lanes.

Sources: django-anymail 15 (backends and their documentation), the providers' own API documentation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SMTP = "smtp"
AMAZON_SES = "amazon_ses"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing an account needs. `name` is the argument of django-anymail's backend (or ours, for SMTP).

    most     a whole number from 1 to this; 0 = not a number
    is_fine  works for most people as it is, so a page keeps it folded
    """

    name: str
    label: "str | _StrPromise"
    is_secret: bool = False
    is_required: bool = True
    default: str = ""
    choices: "tuple[tuple[str, str | _StrPromise], ...]" = ()
    most: int = 0
    is_fine: bool = False
    hint: "str | _StrPromise" = ""


@dataclass(frozen=True, slots=True)
class Signing:
    """How a kind signs mail of a domain of ours with DKIM, and who can say so (docs/providers.md has the pages).

    keys      sets of records, one of which must be whole: {selector: where its CNAME leads}. "" is a key of its own
              (TXT); one that begins with a dot is the end of an address that differs by account; {dashed} is the domain
              with dashes for dots, other names are options of the account. Empty: selectors are drawn for each domain
    records   path of the API that names a domain's records; {id} is found in the list at `listed`
    servers   its SMTP servers: an account of kind "smtp" at one of them is signed for in the same way
    """

    keys: tuple[Mapping[str, str], ...] = ()
    records: str = ""
    listed: str = ""
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of provider.

    idempotency_header     an HTTP header or …
    idempotency_field      … a header of the message that makes a repeated call harmless for `idempotency_for`
    is_503_deferred        a 503 says for certain that nothing was taken; elsewhere it is doubt
    confirms_delivery      its webhooks say "delivered"; elsewhere delivery is presumed
    has_tags               its list of events tells our tag and no metadata: the mailing is named by it
    batch_size             whole messages one call may carry (lanes/batching.py), 0 = one call a message. Elsewhere the
                           API's batch is one body the provider fills in for each person, or tells nobody's fate: then
                           what arrives is not ours to the octet, or nobody can say who got it (docs/providers.md)
    probe                  a path of the API to ask with the account's login, for "test the connection"
    """

    name: str
    label: str
    fields: tuple[Field, ...] = ()
    lease: timedelta = timedelta(minutes=5)
    timeout: timedelta = timedelta(seconds=60)
    idempotency_header: str = ""
    idempotency_field: str = ""
    idempotency_for: timedelta = timedelta(0)
    is_503_deferred: bool = False
    confirms_delivery: bool = True
    has_metadata: bool = True
    has_tracking_switch: bool = True
    has_tags: bool = False
    has_webhooks: bool = True
    batch_size: int = 0
    probe: str = ""
    signing: Signing = Signing()

    @property
    def initials(self) -> str:
        """Two letters that tell one kind from another: six begin with "Mail"."""
        return _INITIALS.get(self.name, self.label[:2])

    @property
    def idempotency_words(self) -> str:
        """For how long a repeated call is known to be one, in words."""
        minutes = int(self.idempotency_for.total_seconds()) // 60
        hours = minutes // 60
        if hours:
            return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}

    @property
    def is_smtp(self) -> bool:
        return self.name == SMTP


_INITIALS = {
    SMTP: "@",
    "amazon_ses": "SES",
    "mailersend": "Ms",
    "mailgun": "Mg",
    "mailjet": "Mj",
    "mailtrap": "Mt",
    "mandrill": "Mc",
    "postal": "Pl",
    "postmark": "Pm",
}
_API_KEY = Field("api_key", _("API key"), is_secret=True)
_API_TOKEN = Field("api_token", _("API token"), is_secret=True)
_EU_US = (("https://api.mailgun.net/v3", "US"), ("https://api.eu.mailgun.net/v3", "EU"))
_SPARKPOST = (("https://api.sparkpost.com/api/v1", "US"), ("https://api.eu.sparkpost.com/api/v1", "EU"))
_SENDGRID = (("https://api.sendgrid.com/v3/", "Global"), ("https://api.eu.sendgrid.com/v3/", "EU"))
_SCALEWAY = (("fr-par", "Paris"),)
# lanes/levels.py: each also allows those before it; 4 is what a server earns by itself at most.
_LEVELS = (
    ("", _("as the server has proved")),
    ("0", _("one command, one answer: for servers that stumble over more")),
    ("1", _("the envelope at once")),
    ("2", _("a message and the next envelope at once")),
    ("3", _("a whole message at once (CHUNKING)")),
)


def _api_url(label: "str | _StrPromise", *, choices: Sequence[tuple[str, str]] = (), required: bool = True) -> Field:
    default = choices[0][0] if choices else ""
    return Field("api_url", label, is_required=required, default=default, choices=tuple(choices))


_KINDS = (
    Kind(
        SMTP,
        "SMTP",
        fields=(
            Field("host", _("Server")),
            Field("port", _("Port"), default="587", most=65_535),
            Field(
                "tls",
                _("Encryption"),
                default="starttls",
                choices=(
                    ("starttls", "STARTTLS (587, 25)"),
                    ("tls", "TLS (465)"),
                    ("none", _("none: for a relay in your own network")),
                ),
            ),
            Field("username", _("User name"), is_required=False),
            Field("password", _("Password"), is_secret=True, is_required=False),
            Field(
                "per_connection",
                _("Messages on one connection"),
                is_required=False,
                default="100",
                most=10_000,
                is_fine=True,
                hint=_("Then a new one is opened: some servers close without a word after some number."),
            ),
            Field(
                "in_flight",
                _("Messages in flight on one connection"),
                is_required=False,
                default="8",
                most=100,
                is_fine=True,
                hint=_(
                    "Where the server takes several whole messages at once (CHUNKING). More is faster over a long way; "
                    "a connection that breaks leaves at most so many in doubt."
                ),
            ),
            Field(
                "level",
                _("What is said at once"),
                is_required=False,
                choices=_LEVELS,
                is_fine=True,
                hint=_("Envol begins with what the server offers and goes back a level for a day when it stumbles."),
            ),
        ),
        lease=timedelta(minutes=15),
        timeout=timedelta(minutes=10),
        confirms_delivery=False,
        has_metadata=False,
        has_tracking_switch=False,
        has_webhooks=False,
    ),
    Kind(
        "amazon_ses",
        "Amazon SES",
        fields=(
            Field("aws_access_key_id", _("Access key id")),
            Field("aws_secret_access_key", _("Secret access key"), is_secret=True),
            Field("region_name", _("Region"), default="eu-west-3"),
            Field("configuration_set_name", _("Configuration set"), is_required=False),
        ),
        has_tracking_switch=False,
    ),
    Kind(
        "brevo",
        "Brevo",
        fields=(_API_KEY,),
        probe="account",
        idempotency_field="idempotencyKey",
        has_tags=True,
        idempotency_for=timedelta(minutes=30),
        has_tracking_switch=False,
        batch_size=2_000,
        signing=Signing(
            keys=({"brevo1": "b1.{dashed}.dkim.brevo.com", "brevo2": "b2.{dashed}.dkim.brevo.com"}, {"mail": ""}),
            records="senders/domains/{domain}",
            servers=("smtp-relay.brevo.com", "smtp-relay.sendinblue.com"),
        ),
    ),
    Kind(
        "mailersend",
        "MailerSend",
        fields=(_API_TOKEN,),
        probe="domains",
        has_metadata=False,
        signing=Signing(
            keys=({"mlsend2": "mlsend2._domainkey.mailersend.net"}, {"mlsend": ""}),
            records="domains/{id}/dns-records",
            listed="domains?limit=100",
            servers=("smtp.mailersend.net",),
        ),
    ),
    Kind(
        "mailgun",
        "Mailgun",
        fields=(
            _API_KEY,
            Field("sender_domain", _("Sending domain")),
            _api_url(_("Region"), choices=_EU_US),
        ),
        probe="domains/{sender_domain}",
        signing=Signing(records="domains/{domain}", servers=("smtp.mailgun.org", "smtp.eu.mailgun.org")),
    ),
    Kind(
        "mailjet",
        "Mailjet",
        fields=(Field("api_key", _("API key")), Field("secret_key", _("Secret key"), is_secret=True)),
        probe="/v3/REST/apikey",
        batch_size=50,
        signing=Signing(keys=({"mailjet": ""},), records="/v3/REST/dns/{domain}", servers=("in-v3.mailjet.com",)),
    ),
    Kind(
        "mailtrap",
        "Mailtrap",
        fields=(_API_TOKEN,),
        has_tracking_switch=False,
        batch_size=500,
        signing=Signing(
            keys=({"rwmt1": "rwmt1.dkim.smtp.mailtrap.live", "rwmt2": "rwmt2.dkim.smtp.mailtrap.live"},),
            servers=("live.smtp.mailtrap.io", "bulk.smtp.mailtrap.io"),
        ),
    ),
    Kind(
        "mandrill",
        "Mailchimp Transactional (Mandrill)",
        fields=(_API_KEY,),
        signing=Signing(
            keys=({"mte1": "dkim1.mandrillapp.com", "mte2": "dkim2.mandrillapp.com"},),
            servers=("smtp.mandrillapp.com",),
        ),
    ),
    Kind(
        "postal",
        "Postal",
        fields=(_API_KEY, _api_url(_("Address of the API"))),
        has_metadata=False,
        has_tracking_switch=False,
    ),
    Kind(
        "postmark",
        "Postmark",
        fields=(
            Field("server_token", _("Server token"), is_secret=True),
            Field("message_stream", _("Message stream"), default="broadcast"),
        ),
        probe="server",
        is_503_deferred=True,
        batch_size=500,
        signing=Signing(servers=("smtp.postmarkapp.com", "smtp-broadcasts.postmarkapp.com")),
    ),
    Kind(
        "resend",
        "Resend",
        fields=(_API_KEY,),
        probe="domains",
        idempotency_header="Idempotency-Key",
        idempotency_for=timedelta(hours=24),
        has_tracking_switch=False,
        batch_size=100,
        signing=Signing(
            keys=({"resend": ""},), records="domains/{id}", listed="domains?limit=100", servers=("smtp.resend.com",)
        ),
    ),
    Kind(
        "scaleway",
        "Scaleway",
        fields=(
            Field("secret_key", _("Secret key"), is_secret=True),
            Field("project_id", _("Project id")),
            Field("region", _("Region"), default="fr-par", choices=_SCALEWAY),
        ),
        probe="domains",
        has_tracking_switch=False,
        has_webhooks=False,
        confirms_delivery=False,
        signing=Signing(keys=({"{project_id}": ""},), records="domains?name={domain}", servers=("smtp.tem.scw.cloud",)),
    ),
    Kind(
        "sendgrid",
        "SendGrid",
        fields=(_API_KEY, _api_url(_("Region"), choices=_SENDGRID)),
        probe="scopes",
        signing=Signing(
            keys=({"s1": ".sendgrid.net", "s2": ".sendgrid.net"},),
            records="whitelabel/domains?domain={domain}",
            servers=("smtp.sendgrid.net", "smtp.eu.sendgrid.net"),
        ),
    ),
    Kind(
        "sparkpost",
        "SparkPost",
        fields=(_API_KEY, _api_url(_("Region"), choices=_SPARKPOST)),
        probe="account",
        signing=Signing(
            records="sending-domains/{domain}", servers=("smtp.sparkpostmail.com", "smtp.eu.sparkpostmail.com")
        ),
    ),
    Kind(
        "unisender_go",
        "Unisender Go",
        fields=(_API_KEY, _api_url(_("Address of the API"))),
        signing=Signing(keys=({"us": ""},)),
    ),
)

KINDS = {kind.name: kind for kind in _KINDS}


def kind_of(name: str) -> Kind:
    """The row of a kind; KeyError for a name nobody knows."""
    return KINDS[name]


def signing_kind(name: str, host: str = "") -> Kind:
    """Who signs for an account: its own kind, or the provider an SMTP server belongs to."""
    kind = kind_of(name)
    if kind.is_smtp:
        for one in _KINDS:
            if any(f".{host.lower()}".endswith(f".{server}") for server in one.signing.servers):
                return one
    return kind


def lease_of(name: str) -> timedelta:
    """How long a claim holds: longer than any wait for an answer. ENVOL_LEASE_SECONDS shortens it for trials."""
    return timedelta(seconds=settings.LEASE_SECONDS) if settings.LEASE_SECONDS else kind_of(name).lease
