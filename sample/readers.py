"""How people read: when they open after a mail came, what they click. Curves that fall as real ones do."""

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

_NIGHT = range(1, 7)  # hours of the reader's day in which hardly anybody reads


def delay(random: Random) -> timedelta:
    """From arrival to the first open: three in four within the day, the rest over a week or two."""
    hours = random.expovariate(1 / 5) if random.random() < 0.74 else random.expovariate(1 / 52)
    return timedelta(hours=min(hours, 320) + 0.02)


def awake(at: datetime, *, zone: ZoneInfo, random: Random) -> datetime:
    """The same moment, or the next morning when it falls into the night."""
    hour = at.astimezone(zone).hour
    return at if hour not in _NIGHT else at + timedelta(hours=7 - hour, minutes=random.randrange(90))


def clicked_link(count: int, random: Random) -> int:
    """The number (from 0) of the link clicked out of `count`: the first catches half."""
    return min(int(random.expovariate(0.75)), count - 1)
