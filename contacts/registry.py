"""What higher floors may add to contacts: a timeline's entries, erasure, what they know of people, whom they mailed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from contacts.models import Contact


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened to a person. Texts are plain and already in words; the page escapes them."""

    at: datetime
    icon: str  # a name of the icon set
    title: "str | _StrPromise"
    detail: "str | _StrPromise" = ""
    url: str = ""
    tone: str = ""  # "ok", "warn", "bad" or neutral


class TimelineSource(Protocol):
    """A callable of a higher floor, in a constant number of statements, latest first."""

    def __call__(self, contact: "Contact", *, before: datetime | None, limit: int) -> list[TimelineEntry]: ...


class Erasure(Protocol):
    """Empties what a higher floor keeps of a person, in the caller's transaction. Figures stay."""

    def __call__(self, contact: "Contact") -> None: ...


class Holding(Protocol):
    """What a higher floor knows of a person, as JSON: (name of the section, its rows)."""

    def __call__(self, contact: "Contact") -> tuple[str, list[dict[str, Any]]]: ...


class Mailed(Protocol):
    """Which of these people (ids of contacts) a higher floor has written to, or is about to; in one statement."""

    def __call__(self, contact_ids: Sequence[int]) -> set[int]: ...


class Written(Protocol):
    """To which of these people (ids of contacts) a higher floor handed a campaign over since then; one statement."""

    def __call__(self, contact_ids: Sequence[int], *, since: datetime) -> set[int]: ...


class Merging(Protocol):
    """Gives what a higher floor keeps of `other` to `kept`, in the caller's transaction, before `other` is deleted."""

    def __call__(self, *, kept: "Contact", other: "Contact") -> None: ...


_Entry = TypeVar("_Entry")


class Registry(Generic[_Entry]):
    """What was added, in the order of registration; filled in AppConfig.ready."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    def register(self, entry: _Entry) -> None:
        if entry not in self._entries:
            self._entries.append(entry)

    def __iter__(self) -> Iterator[_Entry]:
        return iter(self._entries)


timeline: Registry[TimelineSource] = Registry()
erasure: Registry[Erasure] = Registry()
holdings: Registry[Holding] = Registry()
mailed: Registry[Mailed] = Registry()
written: Registry[Written] = Registry()
merging: Registry[Merging] = Registry()
