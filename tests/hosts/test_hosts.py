"""Workers on three hosts against one PostgreSQL and Redis; one of them is cut off in the middle of a send.

Nobody gets it twice, nobody is lost, and the others go on.
"""

import os
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import ledger
from delivery.models import Mailing, Outcome, Provider
from delivery.services import plan_mailing
from tests.delivery.conftest import MakePeople, order
from tests.hosts.network import SERVERS, hosts, why_not
from tests.kill.test_kill import LEASE, MoodyMailbox, assert_true, is_finished
from tests.smtp import SmtpServer, smtp_server

PEOPLE = 1500
SECONDS = 90


@pytest.mark.kill
@pytest.mark.timeout(4 * SECONDS)
def test_one_host_cut_off_doubles_nobody_and_loses_nobody(
    organisation: Organisation, clients: ContactList, make_people: MakePeople, transactional_db: None
) -> None:
    if reason := why_not():
        pytest.skip(f"no hosts can be made here: {reason}")
    make_people(PEOPLE)
    with smtp_server(make_mailbox=MoodyMailbox) as server:
        provider = Provider.objects.create(
            name="Relay", connection_count=6, options={"host": SERVERS, "port": server.port, "tls": "none"}
        )
        mailing = _planned(clients, provider)
        database, redis = _port(_database_url()), _port(settings.REDIS_URL)
        with hosts(3, [database, redis, server.port]) as made:
            for host in made:
                host.run(sys.executable, "-m", "tests.hosts.worker", str(mailing.pk), env=_environment())
            _until(lambda: len(server.accepted) > PEOPLE // 10, SECONDS)
            made[0].cut()
            before, begun = len(server.accepted), time.monotonic()
            _until(lambda: time.monotonic() - begun > 3 * LEASE, SECONDS)
            went_on = len(server.accepted) - before
            made[0].mend()
            _until(lambda: is_finished(mailing), SECONDS)
            _until(lambda: all(process.poll() is not None for host in made for process in host.running), 20)

        assert went_on > 20, "the other hosts did not go on"
        assert_true(mailing, server, people=PEOPLE)
        _the_doubt_is_small(mailing, server)


def _planned(clients: ContactList, provider: Provider) -> Mailing:
    # Hosts are not this machine: links that lead to our loopback would be refused, as they should be.
    provider.options["host"], address = "127.0.0.1", provider.options["host"]
    mailing = plan_mailing(order(clients, provider))
    provider.options["host"] = address
    provider.save()
    return mailing


def _the_doubt_is_small(mailing: Mailing, server: SmtpServer) -> None:
    """What a cut leaves in doubt is no more than the windows that were open and the faults of the server itself."""
    unknown = ledger.ledger_of(mailing.pk).unknown
    assert unknown <= 2 * 4 * 6 + 0.02 * PEOPLE, Outcome.objects.filter(state=Outcome.State.UNKNOWN).count()


def _environment() -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.test_settings",
        "DATABASE_URL": _elsewhere(_database_url()),
        "REDIS_URL": _elsewhere(settings.REDIS_URL),
        "ENVOL_LEASE_SECONDS": str(LEASE),
        "ENVOL_WINDOW_SIZE": "4",
        "ENVOL_RETRY_STEPS": ",".join(["0.2"] * 12),
        "ENVOL_LOG_LEVEL": "ERROR",
    }


def _database_url() -> str:
    """The very database this test uses."""
    wanted = connection.settings_dict
    who = f"{wanted['USER']}:{wanted['PASSWORD']}" if wanted["PASSWORD"] else wanted["USER"]
    return f"postgres://{who}@{wanted['HOST']}:{wanted['PORT']}/{wanted['NAME']}"


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def _elsewhere(url: str) -> str:
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{who}{at}{SERVERS}:{parts.port}"))


def _until(is_so: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not is_so():
        time.sleep(0.05)
