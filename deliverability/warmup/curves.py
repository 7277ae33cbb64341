"""The ceilings a plan begins with, by kind of mailbox provider. A person may change each of them.

Nobody publishes a schedule that holds. What they do publish: rise steadily, never double (Gmail's and Yahoo's sender
guidelines), and begin with those who read you; senders' guides (Amazon SES, SendGrid, Mailjet) begin between 50 and 200
a day and take three to six weeks. French providers are small next to Gmail, so their curves end lower.
"""

from dataclasses import dataclass

from contacts.mailbox_providers import OTHERS

MOST_DAYS = 90
MOST_RISE = 2.0  # from one day to the next: more than double is read as a stolen account


@dataclass(frozen=True, slots=True)
class Curve:
    """`first` messages on the first day, `growth` times more each day, for so many days."""

    first: int
    growth: float
    days: int

    def ceilings(self) -> list[int]:
        """Rounded to two figures, as a person would write them."""
        return [_round(self.first * self.growth**day) for day in range(self.days)]


LARGE, CAREFUL, SMALL = Curve(100, 1.5, 20), Curve(100, 1.4, 21), Curve(50, 1.4, 18)
CURVES = {
    1: LARGE,  # Gmail
    2: CAREFUL,  # Outlook: its own limit of new addresses is the strictest of the large ones
    3: CAREFUL,  # Yahoo
    9: CAREFUL,  # Microsoft 365
    OTHERS: CAREFUL,
}
# Those a warm-up begins with; whoever is not among them is covered by the plan of the others.
USUAL = (1, 2, 9, 3, 4, 6, 7, 5, 8, OTHERS)


def ceilings_for(mx_group: int) -> list[int]:
    """The default daily ceilings at one mailbox provider."""
    return CURVES.get(mx_group, SMALL).ceilings()


def _round(value: float) -> int:
    unit = 10 ** max(0, len(str(int(value))) - 2)
    return int(round(value / unit) * unit)
