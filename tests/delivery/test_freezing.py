"""Snapshots in slices: several take turns, and the first people of each are there at once."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import dispatch, snapshot, tasks
from delivery.models import Mailing, Provider
from delivery.services import plan_mailing
from delivery.snapshot import FIRST_BLOCK
from tests.delivery.conftest import MakePeople, order
from tests.queues import rung


@pytest.fixture
def mailings(
    organisation: Organisation, provider: Provider, clients: ContactList, make_people: MakePeople
) -> list[Mailing]:
    """Two of them, to more people than the first block takes."""
    make_people(FIRST_BLOCK + 1)
    planned = [plan_mailing(order(clients, provider)) for _ in range(2)]
    dispatch.start_due()
    return planned


def test_the_first_blocks_come_first_and_one_ring_waits_for_each(mailings: list[Mailing]) -> None:
    rung("default")
    cache.clear()
    for mailing in mailings:
        tasks.freeze(mailing.pk)
    assert [planned(mailing) for mailing in mailings] == [FIRST_BLOCK, FIRST_BLOCK]

    tasks.sweep()

    freezes = [headers["argsrepr"] for task, headers in rung("default") if task == "delivery.tasks.freeze"]
    assert sorted(freezes) == sorted(f"({mailing.pk},)" for mailing in mailings)
    tasks.freeze(mailings[0].pk)
    assert [planned(mailing) for mailing in mailings] == [FIRST_BLOCK + 1, FIRST_BLOCK]
    assert rung("default") == []  # nobody is left


def planned(mailing: Mailing) -> int:
    return Mailing.objects.get(pk=mailing.pk).planned_count


def test_tables_of_many_rows_are_not_sampled_before_the_first_message(
    mailings: list[Mailing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of few are: without it their plans would be those of an empty table."""
    assert "delivery_message" in analysed(mailings[0])
    monkeypatch.setattr(snapshot, "FEW", 1)

    assert analysed(mailings[1]) == {"delivery_outcome"}


def analysed(mailing: Mailing) -> set[str]:
    """What its first block sampled."""
    with CaptureQueriesContext(connection) as statements:
        dispatch.freeze_some(mailing.pk, after_block=lambda: None)
    return {one["sql"].removeprefix("analyze ") for one in statements if one["sql"].startswith("analyze ")}
