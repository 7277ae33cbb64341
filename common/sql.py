"""Hot statements live in `<app>/sql/<name>.sql`, each with its reason and measured plan as a comment."""

import re
import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from django.apps import apps
from django.db import connection, transaction
from psycopg import Connection, Cursor, OperationalError, errors, pq
from psycopg.adapt import Transformer

Row = tuple[Any, ...]

_NAMED = re.compile(r"%\((\w+)\)s")
_numbers = count(1)
# Statements this process prepared: their names by their texts, for each connection.
_prepared: WeakKeyDictionary[Connection[Row], dict[str, bytes]] = WeakKeyDictionary()


@cache
def load_sql(app_label: str, name: str) -> str:
    """The text of `<app>/sql/<name>.sql`, comments removed so that the server's logs stay readable."""
    path = Path(apps.get_app_config(app_label).path) / "sql" / f"{name}.sql"
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


@dataclass(frozen=True, slots=True)
class Hot:
    """A statement that runs a thousand times a minute, and its values. PostgreSQL plans it once for each connection,
    for all values alike: it must be right so. Ranges of keys and scalar sub-selects are, joins are not.
    """

    text: str
    values: Mapping[str, Any]


# PostgreSQL would think a range of ids without values so large that planning anew pays, 120 to 200 µs a statement; and
# what it planned while a table was new and empty, reading it whole, it would go on doing through the first campaign.
# What was said is kept, whatever the server's settings say of commits.
_FIRST = Hot(
    "select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), "
    "set_config('synchronous_commit', 'on', true)",
    {},
)


def in_one_trip(*statements: Hot) -> list[list[Row]]:
    """Run statements that give rows as one durable transaction, sent together: the rows of each.

    Each has its own picture of the data, so a later one sees what was committed before an earlier one got its locks.
    One that fails undoes all. With BEGIN and COMMIT and an answer waited for after each, a window of the ledger spent
    twice as long in the driver (November 2026). Inside a transaction of somebody else: a savepoint, one by one.
    """
    if connection.in_atomic_block:
        with hot_transaction():
            return [run(one) for one in statements]
    with connection.wrap_database_errors:
        return _in_one_write(_ready(), (_FIRST, *statements))[1:]


@contextmanager
def hot_transaction() -> Iterator[None]:
    """A durable transaction for hot statements of which one decides about the next."""
    with transaction.atomic(durable=True):
        run(_FIRST)
        yield


def run(statement: Hot) -> list[Row]:
    """The rows of one statement, inside `hot_transaction`."""
    raw = _ready()
    with connection.wrap_database_errors:
        return _rows(Cursor(raw).execute(statement.text, statement.values))


def run_hot(app_label: str, name: str, values: Mapping[str, Any]) -> Cursor[Row]:
    """Run `<app>/sql/<name>.sql`, a Hot statement, in Django's connection and the caller's transaction, which says
    `set local plan_cache_mode = force_generic_plan`.
    """
    raw = _ready()
    with connection.wrap_database_errors:
        return Cursor(raw).execute(load_sql(app_label, name), values)


def run_planned(app_label: str, name: str, values: Mapping[str, Any]) -> Cursor[Row]:
    """Run `<app>/sql/<name>.sql` in Django's connection, planned for these very values. For great blocks: they stay a
    parameter, neither quoted here nor parsed there as part of the statement.
    """
    raw = _ready()
    with connection.wrap_database_errors:
        return Cursor(raw).execute(load_sql(app_label, name), values, prepare=False)


def _ready() -> Connection[Row]:
    connection.ensure_connection()
    raw: Connection[Row] = connection.connection
    # Django leaves this off for the sake of poolers; its own cursors never prepare, whatever stands here.
    raw.prepare_threshold = 0
    return raw


def _rows(cursor: Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []


def _in_one_write(raw: Connection[Row], statements: Sequence[Hot]) -> list[list[Row]]:
    """One write to the server and one wait for its answers: libpq's pipeline mode, by hand. psycopg's own writes after
    each statement, and each write wakes the server. The statements are one implicit transaction, which ends at the sync
    (PostgreSQL's documentation, 34.5 "Pipeline Mode"). Raises psycopg.Error.
    """
    server, known = raw.pgconn, _prepared.setdefault(raw, {})
    fresh: dict[str, bytes] = {}
    with raw.lock:
        server.enter_pipeline_mode()
        try:
            for one in statements:
                numbered, names = _numbered(one.text)
                name = known.get(one.text) or fresh.get(one.text)
                if name is None:
                    name = fresh[one.text] = b"envol_%d" % next(_numbers)
                    server.send_prepare(name, numbered)
                server.send_query_prepared(name, [_text(one.values[key]) for key in names])
            server.pipeline_sync()
            results = _answers(server)
            server.exit_pipeline_mode()
        except BaseException:
            raw.close()  # lost, or left with answers nobody read
            raise
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result)
    known |= fresh
    return [_loaded(raw, result) for result in results if result.status == pq.ExecStatus.TUPLES_OK]


def _answers(server: pq.abc.PGconn) -> list[pq.abc.PGresult]:
    """All results up to the sync."""
    poll = select.poll()
    poll.register(server.socket, select.POLLIN)
    while server.flush():
        select.select([server.socket], [server.socket], [])
        server.consume_input()
    found: list[pq.abc.PGresult] = []
    while True:
        while server.is_busy():
            poll.poll()
            server.consume_input()
        result = server.get_result()
        if result is None:  # the end of one statement's results
            if server.status != pq.ConnStatus.OK:
                raise OperationalError("the connection is lost")
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return found
        found.append(result)


def _loaded(raw: Connection[Row], result: pq.abc.PGresult) -> list[Row]:
    if not result.ntuples:
        return []
    loading = Transformer(raw)
    loading.set_pgresult(result)
    return loading.load_rows(0, result.ntuples, tuple)


@cache
def _numbered(text: str) -> tuple[bytes, list[str]]:
    """With $1 for %(name)s, and the names in the order of their numbers."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return _NAMED.sub(number, text).replace("%%", "%").encode(), names


def _text(value: Any) -> bytes | None:
    """A parameter as PostgreSQL reads it; its type is what the statement says there."""
    if value is None:
        return None
    if isinstance(value, list):
        return b"{%b}" % b",".join([b"%d" % int(one) for one in value])
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()
