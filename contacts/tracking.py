"""What may be measured about one person: the one function that decides, at render and again at each hit.

Sources: CNIL deliberation 2026-042 (opens need their own consent, in force since 14 July 2026), Garante 284/2026.
Clicks are read differently by different lawyers, so every preset is data in one table.
"""

from dataclasses import dataclass
from enum import IntEnum

from accounts.models import Organisation
from contacts.models.consent import ConsentState

Policy = Organisation.TrackingPolicy


class Mode(IntEnum):
    """How much one kind of hit may tell. Two bits each in the stored number."""

    NONE = 0  # no pixel, no rewritten link
    AGGREGATE = 1  # one URL for all: counted, nobody named
    HYGIENE = 2  # the date of the last open only, overwritten each time
    FULL = 3


@dataclass(frozen=True, slots=True)
class Tracking:
    opens: Mode
    clicks: Mode

    def __int__(self) -> int:
        """The number stored on a message: opens in bits 0–1, clicks in bits 2–3."""
        return self.opens | self.clicks << 2

    @classmethod
    def from_number(cls, number: int) -> "Tracking":
        return cls(opens=Mode(number & 3), clicks=Mode(number >> 2 & 3))


# policy → (opens: unknown, granted, denied), (clicks: unknown, granted, denied)
_PRESETS: dict[str, tuple[tuple[Mode, Mode, Mode], tuple[Mode, Mode, Mode]]] = {
    Policy.FRANCE: ((Mode.HYGIENE, Mode.FULL, Mode.NONE), (Mode.FULL, Mode.FULL, Mode.AGGREGATE)),
    Policy.ITALY: ((Mode.NONE, Mode.FULL, Mode.NONE), (Mode.FULL, Mode.FULL, Mode.AGGREGATE)),
    Policy.EU_STRICT: ((Mode.NONE, Mode.FULL, Mode.NONE), (Mode.AGGREGATE, Mode.FULL, Mode.NONE)),
    Policy.NONE: ((Mode.FULL, Mode.FULL, Mode.NONE), (Mode.FULL, Mode.FULL, Mode.NONE)),
}


def tracking_for(policy: str, *, open_consent: int, click_consent: int) -> Tracking:
    """The tracking mode of one person's message under the organisation's policy and the person's own words."""
    opens, clicks = _PRESETS[policy]
    return Tracking(opens=opens[ConsentState(open_consent)], clicks=clicks[ConsentState(click_consent)])


def tracking_table(policy: str) -> list[int]:
    """`tracking_for` as nine numbers, index open_consent * 3 + click_consent, for set-based statements."""
    return [
        int(tracking_for(policy, open_consent=opens, click_consent=clicks)) for opens in range(3) for clicks in range(3)
    ]
