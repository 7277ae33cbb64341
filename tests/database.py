"""The tests' database: migrated once into a template, cloned in a moment for each run and each worker."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent.parent

# "envol" in ASCII: one process at a time makes the template
_LOCK = 0x656E766F6C


@contextlib.contextmanager
def cloned_database() -> Iterator[str]:
    """A migrated database for the time of the block, in Django's connection and DATABASE_URL; yields its URL."""
    url = os.environ["DATABASE_URL"]
    name = f"test_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        _drop_abandoned(server)
        template = _ensure_template(server, urlsplit(url).path.strip("/"))
        _run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
        server.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
        _use(name)
        # the processes a test starts belong into the same database
        os.environ["DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
        try:
            yield os.environ["DATABASE_URL"]
        finally:
            os.environ["DATABASE_URL"] = url
            connection.close()
            _run(server, "DROP DATABASE {} WITH (FORCE)", name)


def _ensure_template(server: "psycopg.Connection[tuple[str]]", owner: str) -> str:
    """The database that holds the migrations as they are now; those of other versions go.

    Named after the database DATABASE_URL points at, as the lock is that database's: two checkouts may share a server.
    """
    prefix = f"{owner}_template_"
    name = prefix + _migrations_fingerprint()
    known = [
        row[0]
        for row in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname::text, %s)", [prefix])
    ]
    if name not in known:
        for old in known:
            _run(server, "DROP DATABASE {} WITH (FORCE)", old)
        unfinished = prefix + "unfinished"
        _run(server, "CREATE DATABASE {}", unfinished)
        _use(unfinished)
        call_command("migrate", verbosity=0)
        connection.close()
        _run(server, "ALTER DATABASE {} RENAME TO {}", unfinished, name)
    return name


def _migrations_fingerprint() -> str:
    """Changes with any migration here, and with the packages that bring migrations of their own."""
    digest = hashlib.sha256((ROOT / "requirements" / "run.txt").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(bytes(path.relative_to(ROOT)) + path.read_bytes())
    digest.update((ROOT / "config" / "settings.py").read_bytes())
    return digest.hexdigest()[:12]


def _drop_abandoned(server: "psycopg.Connection[tuple[str]]") -> None:
    """What runs that were killed have left."""
    for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname ~ '^test_[0-9]+$'").fetchall():
        try:
            os.kill(int(name.removeprefix("test_")), 0)
        except ProcessLookupError:
            _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except PermissionError:
            continue


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _run(server: "psycopg.Connection[tuple[str]]", statement: str, *names: str) -> None:
    server.execute(_statement(statement, *names))


# nothing but a migration writes here, and the tests' code never does
_FIXED = ["django_migrations", "django_content_type", "auth_permission"]
_TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> ALL (%s)
"""


def _filled() -> list[str]:
    """The tables with rows, partitioned and unmanaged ones among them; one question for all, some milliseconds."""
    with connection.cursor() as cursor:
        tables = [row[0] for row in cursor.execute(_TABLES, [_FIXED])]
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(table, sql.Identifier(table)) for table in tables
        )
        return [row[0] for row in cursor.execute(asked)]


def _copies() -> dict[str, bytes]:
    """What the migrations have put into tables: a catcher, streams, counters."""
    copies = {}
    for table in _filled():
        with connection.cursor() as cursor, cursor.copy(_statement("COPY {} TO STDOUT", table)) as rows:
            copies[table] = b"".join(rows)
    return copies


def _restore(copies: dict[str, bytes]) -> None:
    """Every table as the migrations left it, whatever order tests run in.

    In the place of Django's flush, which truncates all tables, leaves those it does not manage, and writes content
    types and permissions anew: a quarter of a second, where deleting the rows of a test takes ten milliseconds.
    """
    filled = _filled()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in filled:
            cursor.execute(_statement("DELETE FROM {}", table))
        for table, rows in copies.items():
            with cursor.copy(_statement("COPY {} FROM STDIN", table)) as copy:
                copy.write(rows)


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Replaces pytest-django's, which would migrate at each run and flush after each test with transactions."""
    with django_db_blocker.unblock(), cloned_database(), pytest.MonkeyPatch.context() as changes:
        copies = _copies()
        changes.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: _restore(copies))
        yield
