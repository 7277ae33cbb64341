"""What higher floors may add to sending: what they heard of one message, and other names it goes by."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from contacts.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """One thing heard of a message; words are plain, the page escapes them."""

    at: datetime
    icon: str  # a name of the icon set
    title: "str | _StrPromise"
    text: str = ""
    kind: str = ""  # accent, ok, warn, bad, doubt or nothing


class Story(Protocol):
    """What a higher floor heard of one message, oldest first, in a constant number of statements."""

    def __call__(self, message_id: int) -> list[StoryEntry]: ...


class Finder(Protocol):
    """Ids of messages that a higher floor knows under this text (a provider's own id); at most `limit`."""

    def __call__(self, text: str, *, limit: int) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking one account for the events of the time that was lost."""

    provider: str
    words: "str | _StrPromise"
    kind: str = ""  # ok, warn, bad or nothing: still being asked


class Recovery(Protocol):
    """What higher floors fetched after a restored backup, a line an account."""

    def __call__(self) -> list[Asked]: ...


stories: Registry[Story] = Registry()
recoveries: Registry[Recovery] = Registry()
finders: Registry[Finder] = Registry()
