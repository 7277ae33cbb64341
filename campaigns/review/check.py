"""One finding of the review."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """The words of components/checks.html."""

    BLOCKING = "bad"  # the campaign is not sent
    LOOK = "warn"  # a person decides
    GOOD = "ok"


class Fix(StrEnum):
    """Where a finding is mended; the page makes an address and a word of it."""

    NONE = ""
    AUDIENCE = "audience"
    CONTENT = "content"
    TEMPLATE = "template"
    NEWER = "newer"  # take the newer version of the template
    SENDER = "sender"
    PROVIDER = "provider"
    ALIGNMENT = "alignment"  # the records a sending domain needs
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is stable (audit log, --json); `title` and `text` are sentences for people."""

    name: str
    severity: Severity
    title: str
    text: str = ""
    fix: Fix = Fix.NONE

    @property
    def sentence(self) -> str:
        """Title and text in one line, for the command line and messages."""
        return f"{self.title.rstrip('.')}. {self.text}".strip() if self.text else self.title


def good(name: str, title: str, text: str = "") -> Check:
    return Check(name, Severity.GOOD, title, text)


def look(name: str, title: str, text: str = "", *, fix: Fix = Fix.NONE) -> Check:
    return Check(name, Severity.LOOK, title, text, fix)


def blocking(name: str, title: str, text: str = "", *, fix: Fix = Fix.NONE) -> Check:
    return Check(name, Severity.BLOCKING, title, text, fix)
