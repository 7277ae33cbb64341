"""The three key rings of an installation.

session     signs sessions and forms; first = current, the rest still verify
link        signs the tokens in mails; the number stands in the token, so a retired key verifies for ever
encryption  provider credentials at rest (Fernet); first = current, the rest still decrypt

They live in keys.json (mode 0600) of the state folder, or in ENVOL_KEYS with the same content.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


class KeysMissing(Exception):
    """No key ring was found, or it cannot be read; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    session: tuple[str, ...]
    link: dict[int, bytes]
    encryption: tuple[str, ...]

    @property
    def link_number(self) -> int:
        """The number of the key that signs new links."""
        return max(self.link)

    def fingerprints(self) -> dict[str, str]:
        """A short fingerprint of each ring's lasting keys, safe to store beside the data they belong to."""
        return {
            "link": _fingerprint(self.link[min(self.link)]),
            "encryption": _fingerprint(self.encryption[-1].encode()),
        }


def load_keys(from_environment: str, path: Path) -> Keys:
    """Read the rings from the environment's JSON, else from `path`. Raises KeysMissing with one plain sentence."""
    try:
        text = from_environment or path.read_text(encoding="utf-8")
    except OSError as error:
        raise KeysMissing(
            f"No keys: {path} cannot be read ({error.strerror}). `make run` creates it; by hand, see docs/running.md."
        ) from error
    try:
        found = json.loads(text)
        return Keys(
            session=tuple(found["session"]),
            link={int(number): bytes.fromhex(key) for number, key in found["link"].items()},
            encryption=tuple(found["encryption"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysMissing("The key ring is damaged: expected JSON with session, link and encryption.") from error


def _fingerprint(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=8, person=b"envol-keyprint").hexdigest()
