"""Which platform wrote a file, by its columns, and what its words about a person mean. Never the other way: no word of
a file brings back who left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import ContactImport, Suppression

# Targets of a column: STATUS holds a word about the subscription; in DNC ("do not contact") a yes is a no.
STATUS, DNC = "status", "dnc"

_Reason = Suppression.Reason
_LEFT, _DEAD, _SPAM, _OURS = _Reason.UNSUBSCRIBED, _Reason.HARD_BOUNCE, _Reason.COMPLAINED, _Reason.MANUAL

_SUBSCRIBED = "subscribed active enabled confirmed opted_in optin yes oui abonné abonne actif inscrit valide"
_WORDS: dict[str, int] = {
    **dict.fromkeys(["", *_SUBSCRIBED.split()], 0),
    **dict.fromkeys(
        [
            "unsubscribed",
            "unsubscribe",
            "opted_out",
            "optout",
            "blocklisted",
            "blacklisted",
            "archived",
            "désabonné",
            "desabonne",
            "désinscrit",
            "desinscrit",
            "inactive",
            "inactif",
            "no",
            "non",
        ],
        int(_LEFT),
    ),
    **dict.fromkeys(
        ["cleaned", "bounced", "bounce", "hard_bounce", "invalid", "undeliverable", "rebond", "nettoyé"], int(_DEAD)
    ),
    **dict.fromkeys(["complained", "complaint", "spam", "abuse", "plainte"], int(_SPAM)),
    **dict.fromkeys(["disabled", "suppressed", "unconfirmed", "pending", "désactivé", "desactive"], int(_OURS)),
}
_BLOCKED: dict[str, int] = {
    **dict.fromkeys(["", "0", "no", "non", "n", "false", "faux", "none", "null", "[]"], 0),
    **dict.fromkeys(["1", "yes", "oui", "y", "o", "true", "vrai", "x", "unsubscribed", "blocklisted"], int(_LEFT)),
    **dict.fromkeys(["2", "bounced", "bounce"], int(_DEAD)),
    **dict.fromkeys(["3", "manual", "manually"], int(_OURS)),
}
_NOT_TO_CONTACT = frozenset(
    [
        "dnc",
        "dnc_email",
        "email_dnc",
        "is_dnc",
        "do_not_contact",
        "donotcontact",
        "do_not_contact_email",
        "do_not_contact_reason",
    ]
)
_BLOCKLISTED = frozenset(
    [
        "blocklisted",
        "blacklisted",
        "email_blocklisted",
        "email_blacklisted",
        "emailblocklisted",
        "emailblacklisted",
        "blocklist",
        "blacklist",
        "liste_noire",
        "email_liste_noire",
        "bloque",
    ]
)


class UnknownWord(ValueError):
    """A word about a person that nobody understands; the message quotes it, in the active language."""


def _reader(words: dict[str, int]) -> Callable[[str], int]:
    def fate(word: str) -> int:
        try:
            return words[word.replace(" ", "_").replace("-", "_")]
        except KeyError:
            raise UnknownWord(
                _("“%(word)s” says neither that this person may be mailed nor that they may not.") % {"word": word[:60]}
            ) from None

    return fate


# target → reads a lower-case cell: 0, or the reason not to mail. Raises UnknownWord.
FATES: dict[str, Callable[[str], int]] = {STATUS: _reader(_WORDS), DNC: _reader(_BLOCKED)}


@dataclass(frozen=True, slots=True)
class Platform:
    """An export we know. `marks`: a file has at least one of each group."""

    key: str
    name: str
    says: "Promise | str"  # what will happen
    marks: tuple[frozenset[str], ...]
    useless: frozenset[str] = frozenset()  # columns about the platform, not the person
    reason: int | None = None  # the whole file is of people who must not be mailed
    file: str = ""  # how the name of the file begins, where the columns do not tell


def _any(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MAILCHIMP = _any(
    "member_rating optin_time optin_ip confirm_time confirm_ip latitude longitude gmtoff dstoff timezone cc region "
    "last_changed leid euid notes unsub_time unsub_campaign_title unsub_campaign_id unsub_reason "
    "unsub_reason_other clean_time clean_campaign_title clean_campaign_id"
)
_BY_MAILCHIMP = _any("leid euid member_rating")
PLATFORMS = (
    Platform(
        "mailchimp-cleaned",
        "Mailchimp",
        gettext_lazy("Addresses Mailchimp cleaned: all of them are suppressed as dead. Nobody joins a list."),
        (_any("clean_time clean_campaign_title"), _BY_MAILCHIMP | _any("email_address")),
        _MAILCHIMP,
        int(_DEAD),
    ),
    Platform(
        "mailchimp-unsubscribed",
        "Mailchimp",
        gettext_lazy(
            "People who unsubscribed at Mailchimp: all of them are kept out of campaigns. Nobody joins a list."
        ),
        (_any("unsub_time unsub_campaign_title unsub_reason"), _BY_MAILCHIMP | _any("email_address")),
        _MAILCHIMP,
        int(_LEFT),
    ),
    Platform(
        "mailchimp-nonsubscribed",
        "Mailchimp",
        gettext_lazy(
            "People Mailchimp knows who never subscribed: all of them are kept out of campaigns. Nobody joins a list."
        ),
        (_BY_MAILCHIMP,),
        _MAILCHIMP,
        int(_LEFT),
        "nonsubscribed",
    ),
    Platform(
        "mailchimp",
        "Mailchimp",
        gettext_lazy("People subscribed at Mailchimp: they join your list on the source you name."),
        (_BY_MAILCHIMP,),
        _MAILCHIMP,
    ),
    Platform(
        "listmonk",
        "listmonk",
        gettext_lazy(
            "Enabled people join your list on the source you name; blocklisted and disabled ones are kept out of "
            "campaigns. Attributes become fields."
        ),
        (_any("uuid"), _any("attributes attribs"), _any("status")),
        _any("id uuid created_at updated_at"),
    ),
    Platform(
        "brevo",
        "Brevo",
        gettext_lazy("People join your list on the source you name; blocklisted ones are kept out of campaigns."),
        (_any("email"), _any("contact_id added_time modified_time sms"), _BLOCKLISTED),
        _any("contact_id added_time modified_time sms_blocklisted sms_blacklisted whatsapp_blocklisted"),
    ),
    Platform(
        "mautic",
        "Mautic",
        gettext_lazy(
            "People join your list on the source you name; those marked “do not contact” are kept out, and bounced "
            "ones are suppressed as dead."
        ),
        (_any("email"), _NOT_TO_CONTACT),
        _any("id points dateadded date_added datemodified lastactive last_active owner stage"),
    ),
)
BY_KEY = {platform.key: platform for platform in PLATFORMS}


def recognise(names: Sequence[str], *, file_name: str = "") -> Platform | None:
    """The platform whose export has these column names, in slug form."""
    found = set(names)
    fitting = (platform for platform in PLATFORMS if all(found & group for group in platform.marks))
    return next((platform for platform in fitting if file_name.lower().startswith(platform.file)), None)


def left_out(names: Sequence[str]) -> frozenset[str]:
    """Columns of a recognised export that say nothing about a person."""
    platform = recognise(names)
    return platform.useless if platform else frozenset()


def status_of(name: str, values: Sequence[str]) -> str:
    """STATUS or DNC where a column's name and values say so, else empty."""
    lower = [value.lower().replace(" ", "_").replace("-", "_") for value in values]
    if name in _NOT_TO_CONTACT | _BLOCKLISTED and all(value in _BLOCKED for value in lower):
        return DNC
    if name in ("status", "statut", "email_status", "subscription_status") and lower:
        return STATUS if all(value in _WORDS for value in lower) else ""
    return ""


def terms_of(platform: Platform | None) -> dict[str, Any]:
    """What an import of this export begins with."""
    if platform is None:
        return {}
    if platform.reason is None:
        return {"recognised": platform.key}
    kind = ContactImport.Kind.SUPPRESS
    return {"recognised": platform.key, "kind": kind, "suppression_reason": platform.reason}
