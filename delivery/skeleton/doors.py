"""The addresses in one person's message, each with its token: pixel, links, unsubscribe, preferences, view."""

from dataclasses import dataclass

from common.tokens import Purpose, encode
from contacts.tracking import Mode, Tracking
from delivery.models import Mailing

PIXEL = "envol.pixel"
UNSUBSCRIBE = "unsubscribe_url"
_PAGES = {
    UNSUBSCRIBE: ("u", Purpose.UNSUBSCRIBE),
    "preferences_url": ("p", Purpose.PREFERENCES),
    "view_in_browser_url": ("v", Purpose.VIEW),
    "tracking_choice_url": ("t", Purpose.TRACKING),
}


@dataclass(frozen=True, slots=True)
class Door:
    """One address: prefix + token + suffix. `name` is how Liquid calls it."""

    name: str
    purpose: Purpose
    prefix: str
    link: int = 0
    suffix: str = ""

    def url(self, mailing: int, message: int) -> str:
        return self.prefix + encode(self.purpose, mailing=mailing, message=message, link=self.link) + self.suffix

    @property
    def opens(self) -> tuple[Purpose, int]:
        return self.purpose, self.link


@dataclass(frozen=True, slots=True)
class Doors:
    """How the doors of one mailing look for one kind of tracking. `numbers` are those of the content's links."""

    mailing: Mailing
    tracking: Tracking
    numbers: tuple[int, ...]

    def pages(self) -> list[Door]:
        return [Door(name, purpose, f"{self.mailing.public_url}/{path}/") for name, (path, purpose) in _PAGES.items()]

    def link(self, index: int) -> Door:
        number = self.numbers[index]
        return Door(f"envol.link{number}", Purpose.CLICK, f"{self.mailing.tracking_url}/c/", link=number)

    def pixel(self) -> Door:
        return Door(PIXEL, Purpose.OPEN, f"{self.mailing.tracking_url}/o/", suffix=".gif")

    def all(self) -> dict[str, Door]:
        """Every door a text of this mailing may name."""
        doors = [*self.pages(), self.pixel(), *(self.link(index) for index in range(len(self.numbers)))]
        return {door.name: door for door in doors}


def kind(tracking: int) -> Tracking:
    """What the look of a message depends on: hygiene looks like full for opens; a click is full, for all, or not."""
    found = Tracking.from_number(tracking)
    opens = Mode.FULL if found.opens == Mode.HYGIENE else found.opens
    clicks = Mode.AGGREGATE if found.clicks == Mode.HYGIENE else found.clicks
    return Tracking(opens=opens, clicks=clicks)
