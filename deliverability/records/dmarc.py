"""DMARC: what a domain asks for, and which other domains count as the same (RFC 7489 3.1 and 6, RFC 9989)."""

import re
from dataclasses import dataclass

from tldextract import TLDExtract

from deliverability.records.asking import Dns

# The list that comes with the package: nothing is fetched, nothing is written.
_suffixes = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for mail from `domain`. `record`: as published at `at`, empty where there is none.

    `organisation`: DKIM and SPF of it and of all below it count, unless `is_dkim_strict` or `is_spf_strict`: then
    only those of the very domain. `policy`: none, quarantine or reject.
    """

    domain: str
    organisation: str
    at: str = ""
    record: str = ""
    policy: str = ""
    is_dkim_strict: bool = False
    is_spf_strict: bool = False
    is_several: bool = False

    def covers(self, signer: str) -> bool:
        """Whether a DKIM signature of `signer` counts for mail from the domain."""
        if self.is_dkim_strict or signer == self.domain:
            return signer == self.domain
        return signer == self.organisation or signer.endswith(f".{self.organisation}")


def organisation_of(domain: str) -> str:
    """The domain somebody registered: one label more than the public suffix."""
    known = _suffixes(domain).top_domain_under_public_suffix
    return known or ".".join(domain.split(".")[-2:])


def lineage(domain: str, organisation: str) -> list[str]:
    """The domain and those above it, up to the organisation's."""
    labels = domain.split(".")
    above = [".".join(labels[number:]) for number in range(len(labels))]
    return above[: above.index(organisation) + 1] if organisation in above else [domain]


def policy_of(domain: str, *, dns: Dns) -> Policy:
    """The record of the domain, else the nearest above it; one that says `psd=n` ends the organisation there (RFC 9989
    4.10). Several at one name count as none. Raises Silent."""
    organisation = organisation_of(domain)
    is_several = False
    for name in lineage(domain, organisation):
        records = [text for text in dns.texts(f"_dmarc.{name}").values if _is_dmarc(text)]
        is_several |= len(records) > 1
        if len(records) != 1:
            continue
        tags = _tags(records[0])
        asked = tags.get("p", "none") if name == domain else tags.get("sp", tags.get("p", "none"))
        return Policy(
            domain=domain,
            organisation=name if tags.get("psd") == "n" else organisation,
            at=f"_dmarc.{name}",
            record=records[0],
            policy=asked,
            is_dkim_strict=tags.get("adkim") == "s",
            is_spf_strict=tags.get("aspf") == "s",
            is_several=is_several,
        )
    return Policy(domain, organisation, is_several=is_several)


def _is_dmarc(text: str) -> bool:
    return re.match(r"v\s*=\s*DMARC1\s*(;|$)", text) is not None


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, equals, value in pairs if equals}
