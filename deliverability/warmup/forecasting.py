"""When so many people will have been written to, if each day goes well."""

from dataclasses import dataclass
from datetime import date, timedelta

from deliverability.models import WarmupPlan


@dataclass(frozen=True, slots=True)
class Through:
    """The day the last of them leaves, and how many days that takes, the first included. 0 people: today, 0 days."""

    on: date
    days: int


def when_through(plan: WarmupPlan, *, people: int, used: int, today: date, most_a_day: int = 0) -> Through | None:
    """When `people` are through, `used` of today's ceiling being gone. None: further away than a year.

    `most_a_day`: another limit of a day, 0 for none. A step somebody keeps stays; after the last there is no ceiling.
    """
    left, day = people, 0
    while left > 0:
        if day > 365:
            return None
        step = plan.step if plan.is_kept else plan.step + day
        room = plan.ceilings[step] if step < plan.length else left
        if most_a_day:
            room = min(room, most_a_day)
        left -= max(0, room - (used if day == 0 else 0))
        day += 1
    return Through(on=today + timedelta(days=max(0, day - 1)), days=day)
