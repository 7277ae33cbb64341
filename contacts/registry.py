"""What higher floors may add to contacts: entries on one contact's timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

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


class Timeline:
    """The sources, in the order of registration; filled in AppConfig.ready."""

    def __init__(self) -> None:
        self._sources: list[TimelineSource] = []

    def register(self, source: TimelineSource) -> None:
        if source not in self._sources:
            self._sources.append(source)

    def __iter__(self) -> Iterator[TimelineSource]:
        return iter(self._sources)


timeline = Timeline()
