"""What is known of mailbox providers, for mail that a server of ours hands to them directly.

Sources: Orange's postmaster page (two connections per address, 100 messages each), Gmail's sender guidelines (restart
on one connection after 4.7.28), Yahoo's (closes without a word after some messages), La Poste and Free by experience.
They hold for an account that is said to deliver directly (its page of limits): a relay and an API pace their own
deliveries. A person's own Limit of the same unit replaces a figure here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Courtesy:
    """Connections at once, and messages a minute; 0 = no limit known."""

    connections: int = 0
    per_minute: int = 0


# By the number of contacts/mailbox_providers.py.
COURTESIES = {
    1: Courtesy(connections=10),
    2: Courtesy(connections=10),
    3: Courtesy(connections=5),
    4: Courtesy(connections=2, per_minute=600),
    5: Courtesy(connections=3, per_minute=600),
    6: Courtesy(connections=3, per_minute=600),
    7: Courtesy(connections=3, per_minute=600),
    8: Courtesy(connections=5),
}
