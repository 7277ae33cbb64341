"""Who is alive, and what pages and watchmen are told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisGone

from analytics import health, tasks
from analytics.receivers import beat_rang
from delivery import durability
from delivery.models import Guard, LedgerCheck
from delivery.queries import note_held, note_worker


@pytest.fixture(autouse=True)
def nobody_seen() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def seen(what: str, seconds_ago: float) -> None:
    getattr(health, f"note_{what}")(now=timezone.now() - timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("worker", "beat", "what"),
    [
        (3, 3, None),
        (59, 59, None),
        (61, 3, "worker"),
        (61, 61, "beat"),
        (None, 3, "worker"),
        (None, None, "worker"),
        (None, 61, "beat"),
    ],
)
def test_absence_names_what_is_missing(worker: float | None, beat: float | None, what: str | None) -> None:
    if worker is not None:
        seen("worker", worker)
    if beat is not None:
        seen("beat", beat)

    found = health.absence(now=timezone.now())

    assert (found and found.what) == what


def test_worker_that_sweeps_is_seen_too() -> None:
    note_worker()

    assert health.absence(now=timezone.now()) is None


def test_redis_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: object, **_kwargs: object) -> None:
        raise RedisGone

    monkeypatch.setattr(cache._connections[cache._alias], "get", gone)

    found = health.absence(now=timezone.now())

    assert found
    assert found.what == "redis"


def test_heartbeat_shows_the_worker_that_runs_it() -> None:
    tasks.beat()

    assert health.worker_last_seen() is not None
    assert health.beat_last_seen() is None


def test_publishing_the_heartbeat_shows_the_beat_and_nothing_else_does() -> None:
    beat_rang(sender="delivery.tasks.sweep")
    assert health.beat_last_seen() is None

    beat_rang(sender="analytics.tasks.beat")
    assert health.beat_last_seen() is not None


@pytest.mark.django_db
def test_healthz_is_ok_when_all_is_well(client: Client) -> None:
    seen("worker", 1), seen("beat", 1)

    response = client.get("/healthz")

    assert response.status_code == 200
    answer = response.json()
    assert answer["status"] == "ok"
    assert set(answer) == {"status", "database", "redis", "worker", "beat", "restore_guard", "durability", "ledger"}
    assert answer["worker"]["seconds_ago"] < 10


@pytest.mark.django_db
def test_healthz_says_which_part_is_missing(client: Client) -> None:
    seen("beat", 1)

    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json()["worker"] == {"status": "unwell", "seconds_ago": None}
    assert response.json()["beat"]["status"] == "ok"


def test_healthz_tells_a_database_that_is_gone_without_its_words(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise DatabaseError("password authentication failed for user secret")

    monkeypatch.setattr(health, "_ask_database", gone)

    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json()["database"] == {"status": "unwell"}
    assert "secret" not in response.text


@pytest.mark.django_db
def test_every_page_warns_of_a_missing_worker(team_client: Client) -> None:
    assert "No worker is running." in team_client.get("/settings/").text

    seen("worker", 1)
    assert "No worker is running." not in team_client.get("/settings/").text


@pytest.mark.django_db
def test_banner_brings_itself_up_to_date(team_client: Client) -> None:
    missing = team_client.get("/home/absence/").text
    seen("worker", 1)
    well = team_client.get("/home/absence/").text

    assert "No worker is running." in missing
    assert 'hx-trigger="every 5s"' in missing
    assert "No worker" not in well
    assert 'hx-trigger="every 30s"' in well


@pytest.mark.django_db
def test_healthz_warns_of_what_a_person_should_look_at_and_stays_in_service(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen("worker", 1), seen("beat", 1)
    LedgerCheck.objects.create(at=timezone.now(), mailing_count=9, imbalances=[{"mailing": 3}])
    Guard.objects.create(pk=1, raised_at=timezone.now(), held_at=timezone.now())

    response = client.get("/healthz")

    assert response.status_code == 200
    answer = response.json()
    assert answer["status"] == "warning"
    assert answer["restore_guard"] == {"status": "warning", "is_held": True}
    assert answer["ledger"]["status"] == "warning"
    assert (answer["ledger"]["mailings"], answer["ledger"]["imbalances"]) == (9, [3])


@pytest.mark.django_db
def test_a_database_that_may_forget_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set synchronous_commit = off")
        assert durability.risky_settings() == [], "a test's own database is meant to be fast"
        monkeypatch.setitem(connection.settings_dict, "NAME", "envol")
        assert "synchronous_commit" in durability.risky_settings()
        cursor.execute("reset synchronous_commit")


def test_a_database_that_has_gone_back_is_named_before_anything_else() -> None:
    note_held(True)

    found = health.absence(now=timezone.now())

    assert found
    assert found.what == "restored"
