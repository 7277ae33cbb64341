"""Real servers, made from nothing, in a folder with a space in its name."""

import signal
import time
from pathlib import Path

import psycopg
import pytest
import redis

from launcher.locks import hold
from launcher.servers import serving
from launcher.state import State
from tests.launcher.conftest import Envol


def test_what_was_written_is_there_after_a_restart(state: State) -> None:
    for is_new in (True, False):
        with hold(state, "test"), serving(state, given={}) as servers:
            assert servers.database is not None
            assert servers.database.is_new is is_new
            with (
                psycopg.connect(servers.env["DATABASE_URL"]) as database,
                redis.Redis.from_url(servers.env["REDIS_URL"]) as broker,
            ):
                if is_new:
                    database.execute("CREATE TABLE kept AS SELECT 'Zoé' AS name")
                    broker.set("kept", "1")
                assert database.execute("SELECT name, lower('ÉÈ') FROM kept").fetchone() == ("Zoé", "éè")
                assert broker.get("kept") == b"1"
                settings = database.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
                assert settings.fetchone() == (False, False)
                assert database.execute("SHOW fsync").fetchone() == ("on",)


def test_nobody_enters_without_the_password(state: State) -> None:
    with hold(state, "test"), serving(state, given={}, throwaway=True) as servers:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(servers.env["DATABASE_URL"].replace("envol:", "envol:x", 1))
        stranger = redis.Redis.from_url(servers.env["REDIS_URL"].replace("redis://:", "redis://:x", 1))
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        stranger.close()


def test_servers_stop_clean_when_their_launcher_is_killed(envol: Envol, folder: Path) -> None:
    launcher = envol("servers")
    assert launcher.stderr is not None
    while "are running" not in launcher.stderr.readline():
        assert launcher.poll() is None
    postmaster = folder / "pg18" / "postmaster.pid"
    assert postmaster.exists()

    asked = envol("shell-env")
    assert "export DATABASE_URL=" in asked.communicate()[0]
    joined = envol(
        "shell", "-v0", "-c", "from django.conf import settings; print(settings.REDIS_URL)", program="manage.py"
    )
    told = joined.communicate()[0].strip()
    second = envol("servers").communicate()[1]
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()

    assert told.startswith("redis://:")
    assert f"./envol servers (process {launcher.pid}) is already using" in second
    until = time.monotonic() + 30
    while postmaster.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert "database system is shut down" in (folder / "logs" / "postgres.log").read_text()
    assert (
        envol("shell-env").communicate()[1] == "Nothing is running here: start ./envol run or ./envol servers first.\n"
    )
