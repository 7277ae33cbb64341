"""DKIM keys in the DNS (RFC 6376 3.6.1, RFC 8463 for Ed25519)."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from deliverability.records.asking import Dns

ED25519_OCTETS = 32
SHORTEST = 1024  # bits: shorter keys are not believed (RFC 8301 3.2)


class KeyState(StrEnum):
    GOOD = "good"
    MISSING = "missing"
    DANGLING = "dangling"  # a CNAME that leads to nothing
    REVOKED = "revoked"  # "p=" is empty (RFC 6376 3.6.1)
    BROKEN = "broken"
    SEVERAL = "several"  # undefined for whoever verifies (RFC 6376 3.6.2.2)


@dataclass(frozen=True, slots=True)
class Key:
    """The record at one name. `bits` of a good key; `public`: its `p=` without blanks, to compare two records."""

    state: KeyState
    bits: int = 0
    public: str = ""
    chain: tuple[str, ...] = ()


def key_at(name: str, *, dns: Dns) -> Key:
    """What a mailbox provider finds under `selector._domainkey.domain`. Raises Silent."""
    found = dns.texts(name)
    if not found.values:
        return Key(KeyState.DANGLING if found.chain else KeyState.MISSING, chain=found.chain)
    if len(found.values) > 1:
        return Key(KeyState.SEVERAL, chain=found.chain)
    state, bits, public = _read(found.values[0])
    return Key(state, bits, public, found.chain)


def public_of(record: str) -> str:
    """`p=` of a record as somebody wrote it down."""
    return "".join(_tags(record).get("p", "").split())


def _read(record: str) -> tuple[KeyState, int, str]:
    tags = _tags(record)
    if tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags or not _is_for_mail(tags):
        return KeyState.BROKEN, 0, ""
    public = public_of(record)
    if not public:
        return KeyState.REVOKED, 0, ""
    bits = _bits(public, tags.get("k", "rsa"))
    return (
        (KeyState.GOOD if bits >= (256 if tags.get("k") == "ed25519" else SHORTEST) else KeyState.BROKEN),
        bits,
        public,
    )


def _is_for_mail(tags: dict[str, str]) -> bool:
    def allows(tag: str, word: str) -> bool:
        return tag not in tags or bool({"*", word} & {part.strip() for part in tags[tag].split(":")})

    return allows("s", "email") and allows("h", "sha256")


def _bits(public: str, kind: str) -> int:
    try:
        octets = base64.b64decode(public, validate=True)
        if kind == "ed25519":
            return 256 if len(octets) == ED25519_OCTETS else 0
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if kind == "rsa" and isinstance(key, RSAPublicKey) else 0


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}
