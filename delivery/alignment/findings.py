"""What was found about one record, as data, and in words for people."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from common.figures import number

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Code(StrEnum):
    """Stored: never rename one."""

    KEY_GOOD = "key_good"
    KEY_SHORT = "key_short"
    KEY_MISSING = "key_missing"
    KEY_REVOKED = "key_revoked"
    KEY_BROKEN = "key_broken"
    KEY_SEVERAL = "key_several"
    KEY_ELSEWHERE = "key_elsewhere"
    KEY_DANGLING = "key_dangling"
    KEY_OTHER = "key_other"
    OTHER_DOMAIN = "other_domain"
    SELECTOR_UNKNOWN = "selector_unknown"
    UNKNOWN_THERE = "unknown_there"
    SPF_COVERED = "spf_covered"
    SPF_NOT_COVERED = "spf_not_covered"
    SPF_MISSING = "spf_missing"
    SPF_SEVERAL = "spf_several"
    SPF_TOO_MANY = "spf_too_many"
    SPF_BROKEN = "spf_broken"
    DMARC_GOOD = "dmarc_good"
    DMARC_STRICT = "dmarc_strict"
    DMARC_MISSING = "dmarc_missing"
    DMARC_SEVERAL = "dmarc_several"
    RESERVED = "reserved"
    NO_DOMAIN = "no_domain"


@dataclass(frozen=True, slots=True)
class Finding:
    """`name`, `kind`, `want`: a record as it should stand there, `want` empty where only the provider knows it;
    `found`: what stands there instead; `bits`: of a key."""

    code: Code
    name: str = ""
    kind: str = ""
    want: str = ""
    found: str = ""
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """`state`: ok, warn, bad or open (nobody can tell)."""

    state: str
    title: "str | _StrPromise"
    text: "str | _StrPromise" = ""


_SAID = {
    Code.KEY_GOOD: Said("ok", _("The key is published"), _("%(bits)s bits.")),
    Code.KEY_SHORT: Said(
        "warn",
        _("The key is published, and short"),
        _("%(bits)s bits, where mailbox providers recommend 2,048. Ask %(provider)s for a longer one."),
    ),
    Code.KEY_MISSING: Said(
        "bad",
        _("The key is not published"),
        _("Add this record where the DNS of your domain is kept. It is seen within minutes, at some hosts in a day."),
    ),
    Code.KEY_REVOKED: Said(
        "bad",
        _("The key was withdrawn"),
        _("The record is there, but its key (p=) is empty. Publish the one %(provider)s shows today."),
    ),
    Code.KEY_BROKEN: Said(
        "bad",
        _("The key cannot be read"),
        _("Something was lost in copying: the value is one long line. Copy it again, whole."),
    ),
    Code.KEY_SEVERAL: Said(
        "bad",
        _("Several records stand at this name"),
        _("Mailbox providers believe none of them. Keep the one of %(provider)s."),
    ),
    Code.KEY_ELSEWHERE: Said(
        "bad", _("The record leads elsewhere"), _("It holds %(found)s. Replace that with the value below.")
    ),
    Code.KEY_DANGLING: Said(
        "bad",
        _("The record leads to nothing"),
        _("There is no key at %(found)s: the domain was taken out of the account, or belongs to another one."),
    ),
    Code.KEY_OTHER: Said(
        "bad",
        _("Another key is published"),
        _("It is not the one %(provider)s signs with: an older one, or one of another account. Replace the value."),
    ),
    Code.OTHER_DOMAIN: Said(
        "bad",
        _("This account signs for another domain"),
        _("It signs as %(found)s. For mail from %(name)s that does not count, and DMARC fails."),
    ),
    Code.SELECTOR_UNKNOWN: Said(
        "open",
        _("Under which name does it sign?"),
        _("%(provider)s does not say. Their page of your domain shows a record like NAME._domainkey: enter NAME."),
    ),
    Code.UNKNOWN_THERE: Said(
        "open",
        _("%(provider)s does not know this domain"),
        _("Add it to the account first: until then nothing is signed for it."),
    ),
    Code.SPF_COVERED: Said("ok", _("SPF lets this server send"), _("By %(found)s.")),
    Code.SPF_NOT_COVERED: Said(
        "bad", _("SPF does not name this server"), _("The record says %(found)s. Replace it with this one.")
    ),
    Code.SPF_MISSING: Said("bad", _("The domain has no SPF"), _("Add this record.")),
    Code.SPF_SEVERAL: Said(
        "bad", _("The domain has several SPF records"), _("Then none counts. Put what they allow into one.")
    ),
    Code.SPF_TOO_MANY: Said(
        "bad",
        _("SPF asks too much of the DNS"),
        _("Mailbox providers stop after ten look-ups, at %(found)s. Take out what you no longer use."),
    ),
    Code.SPF_BROKEN: Said("bad", _("SPF cannot be read"), _("It breaks at %(found)s.")),
    Code.DMARC_GOOD: Said("ok", _("DMARC is published"), _("Policy: %(found)s.")),
    Code.DMARC_STRICT: Said(
        "ok", _("DMARC is published, and strict"), _("Only keys of the very domain count, none of the one above.")
    ),
    Code.DMARC_MISSING: Said(
        "warn",
        _("No DMARC yet"),
        _("Gmail, Yahoo and Microsoft ask whoever writes to many for it. This record is enough."),
    ),
    Code.DMARC_SEVERAL: Said("warn", _("Several DMARC records"), _("Then none counts. Keep one.")),
    Code.NO_DOMAIN: Said(
        "open",
        _("No name server knows this domain"),
        _("It is not registered, or no longer; or this machine asks a name server that sees only its own network."),
    ),
    Code.RESERVED: Said(
        "open", _("A name kept for examples"), _("Nobody can publish records for it, so there is nothing to look up.")
    ),
}


def said_of(finding: Finding, *, provider: str) -> Said:
    """Title and sentence in the active language."""
    said = _SAID[finding.code]
    values = {
        "provider": provider,
        "name": finding.name,
        "found": finding.found if len(finding.found) <= 160 else f"{finding.found[:150]} …",
        "bits": number(finding.bits),
    }
    return Said(said.state, str(said.title) % values, str(said.text) % values)


def to_json(findings: list[Finding]) -> list[dict[str, object]]:
    return [
        {field: getattr(one, field) for field in Finding.__dataclass_fields__ if getattr(one, field)}
        for one in findings
    ]


def from_json(stored: list[dict[str, object]]) -> list[Finding]:
    """Codes of a later release are left out."""
    known = set(Code)
    return [Finding(**one | {"code": Code(str(one["code"]))}) for one in stored if one["code"] in known]  # type: ignore[arg-type]
