"""Pipelining is earned by an account and lost by a surprise, and every host knows."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from delivery.lanes import levels
from delivery.lanes.contract import Await
from delivery.lanes.smtp import SmtpLane
from delivery.models import Provider
from delivery.multiplex import run_together
from delivery.octets import Octets, Shared
from delivery.skeleton import Filled
from delivery.verdicts import Verdict
from tests.smtp import Manners, smtp_server

pytestmark = pytest.mark.django_db

OFFERS = ("PIPELINING", "CHUNKING", "8BITMIME")


def provider_at(port: int, **options: object) -> Provider:
    return Provider.objects.create(name="P", options={"host": "127.0.0.1", "port": port, "tls": "none", **options})


def send(provider: Provider, count: int) -> tuple[int, list[Verdict]]:
    """(level of the connection at its end, verdicts) of `count` messages on one connection."""
    provider.refresh_from_db()
    lane, verdicts = SmtpLane(provider), []
    lane.ready()
    body = Octets(Shared([b"Subject: x\r\n\r\nbody\r\n"]), [])
    window = [Filled("a@b.example", f"{number}@c.example", body, False) for number in range(count)]

    def flow() -> Iterator[Await]:
        for item in lane.send(window, may_begin=lambda: True):
            if isinstance(item, Await):
                yield item
            else:
                verdicts.append(item.verdict)

    run_together([flow()])
    assert lane._wire is not None
    level = lane._wire.dialogue.level
    lane.close()
    return level, verdicts


@pytest.mark.parametrize(
    ("offers", "eats", "level"),
    [((), True, 0), (("PIPELINING",), True, 2), (OFFERS, True, 3), (OFFERS, False, 2)],
)
def test_a_connection_begins_with_what_the_server_offers_and_proves(
    offers: tuple[str, ...], eats: bool, level: int
) -> None:
    with smtp_server(Manners(offers=offers, eats_chunks=eats)) as server:
        found, verdicts = send(provider_at(server.port), 5)

    assert (found, verdicts) == (level, [Verdict.ACCEPTED] * 5)
    assert len(server.accepted) == 5


def test_a_hundred_clean_chunks_earn_several_in_flight_for_every_connection_to_come() -> None:
    with smtp_server(Manners(offers=OFFERS)) as server:
        provider = provider_at(server.port)

        first, _ = send(provider, 101)
        second, _ = send(provider, 3)

    assert (first, second) == (levels.SEVERAL, levels.SEVERAL)


def test_a_surprise_lowers_the_level_for_a_day() -> None:
    with smtp_server(Manners(offers=OFFERS)) as server:
        provider = provider_at(server.port)
        levels.remember_fault(provider.pk, level=levels.CHUNKS, why="a reply too many")
        lowered, _ = send(provider, 2)
        Provider.objects.update(
            wire=provider.wire | {"lowered_to": 2, "lowered_until": (timezone.now() - timedelta(hours=1)).isoformat()}
        )
        later, _ = send(provider, 2)

    assert (lowered, later) == (levels.TOGETHER, levels.CHUNKS)


def test_a_person_can_pin_a_ceiling() -> None:
    with smtp_server(Manners(offers=OFFERS)) as server:
        assert send(provider_at(server.port, level=1), 3)[0] == levels.GROUPS
