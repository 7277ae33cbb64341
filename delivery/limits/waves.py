"""Waves: of a large mailing, a few people of each mailbox provider leave first, drawn at random; the rest waits."""

import json
import math

from django.db import connection

from common.sql import load_sql
from delivery.models import Brake, Mailing

LARGE = 5_000  # people; up to here everybody leaves at once, unless the order names a size
# The rule where the order names no number: this share of a mailbox provider's people, within these bounds.
SHARE = 0.02
LEAST, MOST = 100, 1_000

# At random within a block (while a domain warms up: among the most engaged of it), the same again when a block is cut a
# second time. A share without a brake has no waves.
_DRAWN = """case when reason is null and row_number() over (
    partition by mx_group, reason is null order by rank, hashint8extended(contact_id, %(occasion)s))
    > coalesce((%(lefts)s::jsonb ->> mx_group::text)::int, 2147483647) then 1 else 0 end"""


def first_wave(people: int, *, of: int, size: int) -> int:
    """How many of a mailbox provider's `people` may leave first, `of` so many in all; as sql/cut_waves.sql says it."""
    if size:
        return size
    return min(MOST, max(LEAST, math.ceil(people * SHARE))) if of > LARGE else people


def cut_first(mailing: Mailing, source: str) -> bool:
    """Before the first block: how many of each mailbox provider may leave first. `source` gives (contact_id, list_id).

    False where there are no waves. Counts the audience once: a million in about a second.
    """
    if mailing.canary_size is None:
        return False
    values = {"mailing": mailing.pk, "size": mailing.canary_size, "large": LARGE, "share": SHARE}
    statement = load_sql("delivery", "cut_waves").replace("{source}", source.replace("%", "%%"))
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"least": LEAST, "most": MOST})
    return are_cut(mailing.pk)


def are_cut(mailing_id: int) -> bool:
    """Whether this mailing leaves in waves."""
    return Brake.objects.filter(mailing=mailing_id).exists()


def lefts_of(mailing_id: int) -> str | None:
    """JSON of how many more people each mailbox provider's first wave may have; None without waves."""
    rows = Brake.objects.filter(mailing=mailing_id).values_list("mx_group", "wave_size", "wave_count")
    lefts = {str(group): size - count for group, size, count in rows}
    return json.dumps(lefts) if lefts else None


def column(lefts: str | None) -> str:
    """The snapshot's SQL for a person's wave."""
    return _DRAWN if lefts else "0"


def note_cut(mailing_id: int, *, first: int, last: int) -> None:
    """After a block, in its transaction: who went into first waves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update delivery_brake k set wave_count = wave_count + n.people "
            "from (select mx_group, sum(last_id - first_id + 1) as people from delivery_batch "
            "      where mailing_id = %(mailing)s and first_id between %(first)s and %(last)s "
            "        and wave = 0 and state <> 2 "
            "      group by mx_group) n "
            "where k.mailing_id = %(mailing)s and k.mx_group = n.mx_group",
            {"mailing": mailing_id, "first": first, "last": last},
        )
