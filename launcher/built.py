"""What is made out of the sources in this checkout is made again only when they changed, by their content."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from launcher.checkout import ROOT
from launcher.refusal import in_plain_words

_FILE = ROOT / ".built.json"


def fingerprint(paths: Iterable[Path]) -> str:
    """One digest over names and contents; files that are not there count as such."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(bytes(path) + b"\0")
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(what: str, digest: str) -> bool:
    return _read().get(what) == digest


def remember(what: str, digest: str) -> None:
    with in_plain_words(_FILE):
        _FILE.write_text(json.dumps(_read() | {what: digest}, indent=1) + "\n")


def _read() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(_FILE.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found
