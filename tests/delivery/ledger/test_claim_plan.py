"""The claim beside many paused mailings, and in a large one: it walks past nobody and asks each batch no questions."""

import json

import pytest
from django.db import connection

from common.sql import load_sql
from delivery.models import Mailing, Provider
from tests.delivery.ledger.conftest import make_mailing

_BATCHES = """
insert into delivery_batch (mailing_id, provider_id, mx_group, first_id, last_id, due_at, done_to, open_to)
select m.id, m.provider_id, 1, f.id, f.id + 9, clock_timestamp() - interval '1 day', f.id - 1, f.id - 1
  from delivery_mailing m, generate_series(1, %s) n,
       lateral (select 1000000000::bigint + m.id * 1000000 + n * 10 as id) f
 where m.id = any(%s)
"""


def pages_of_a_claim(provider: Provider, urgency: str) -> int:
    """Pages of the database one claim looks at."""
    statement = load_sql("delivery", "claim").replace("{urgency}", urgency)
    values = {"claim": "5", "process": "5", "lease": "900", "provider": f"{provider.pk}", "rooms": "'{}'", "room": "4"}
    for number, name in enumerate(values, 1):
        statement = statement.replace(f"%({name})s", f"${number}")
    with connection.cursor() as cursor:
        cursor.execute("set local plan_cache_mode = force_generic_plan")  # as common.sql runs it
        cursor.execute(f"prepare asked (bigint, bigint, int, bigint, text, int) as {statement}")
        cursor.execute(f"explain (analyze, buffers, format json) execute asked ({', '.join(values.values())})")
        (told,) = cursor.fetchone()
        cursor.execute("deallocate asked")
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.django_db
def test_paused_mailings_are_not_walked_past_and_of_a_large_one_the_first_are_asked() -> None:
    provider = Provider.objects.create(name="P", connection_count=4)
    sending = make_mailing(provider, sizes=(5, 5))
    few = [pages_of_a_claim(provider, urgency) for urgency in ("not b.is_urgent", "b.is_urgent")]

    paused = [Mailing(**_like(sending), occasion=9_000_000 + number) for number in range(100)]
    numbers = [row.pk for row in Mailing.objects.bulk_create(paused)]
    with connection.cursor() as cursor:
        cursor.execute(_BATCHES, [50, numbers])
        cursor.execute(_BATCHES, [2_000, [sending.pk]])
        cursor.execute("analyze delivery_batch, delivery_mailing")

    many = [pages_of_a_claim(provider, urgency) for urgency in ("not b.is_urgent", "b.is_urgent")]
    # 2,000 batches of the one stand on some 40 pages; asking each for rests and brakes was 8,000, the paused 10,000.
    assert all(after < before + 150 for before, after in zip(few, many, strict=True)), (few, many)


def _like(mailing: Mailing) -> dict[str, object]:
    names = ("provider", "policy", "public_url", "tracking_url", "starts_at", "snapshot_done_at", "audience")
    return {"name": "Pause", "state": Mailing.State.PAUSED, "planned_count": 500} | {
        name: getattr(mailing, name) for name in names
    }
