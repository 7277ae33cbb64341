"""Hot statements live in `<app>/sql/<name>.sql`, each with its reason and measured plan as a comment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from psycopg import Connection, Cursor


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


# PostgreSQL would think a range of ids without values so large that planning anew pays, 120 to 200 µs a statement. And
# what was said is kept, whatever the server's settings say of commits.
_FIRST = Hot(
    "select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('synchronous_commit', 'on', true)", {}
)


def in_one_trip(*statements: Hot) -> list[list[tuple[Any, ...]]]:
    """Run statements as one durable transaction, sent together (pipeline mode of libpq): the rows of each.

    Each has its own picture of the data, so a later one sees what was committed before an earlier one got its locks.
    One that fails undoes all. With BEGIN and COMMIT and an answer waited for after each, a window of the ledger spent
    twice as long in the driver (November 2026). Inside a transaction of somebody else: a savepoint, one by one.
    """
    if connection.in_atomic_block:
        with hot_transaction():
            return [run(one) for one in statements]
    raw = _ready()
    with connection.wrap_database_errors:
        with raw.pipeline():
            cursors = [Cursor(raw).execute(one.text, one.values) for one in (_FIRST, *statements)]
        return [_rows(cursor) for cursor in cursors[1:]]


@contextmanager
def hot_transaction() -> Iterator[None]:
    """A durable transaction for hot statements of which one decides about the next."""
    with transaction.atomic(durable=True):
        run(_FIRST)
        yield


def run(statement: Hot) -> list[tuple[Any, ...]]:
    """The rows of one statement, inside `hot_transaction`."""
    raw = _ready()
    with connection.wrap_database_errors:
        return _rows(Cursor(raw).execute(statement.text, statement.values))


def run_hot(app_label: str, name: str, values: Mapping[str, Any]) -> Cursor[tuple[Any, ...]]:
    """Run `<app>/sql/<name>.sql`, a Hot statement, in Django's connection and the caller's transaction, which says
    `set local plan_cache_mode = force_generic_plan`.
    """
    raw = _ready()
    with connection.wrap_database_errors:
        return Cursor(raw).execute(load_sql(app_label, name), values)


def run_planned(app_label: str, name: str, values: Mapping[str, Any]) -> Cursor[tuple[Any, ...]]:
    """Run `<app>/sql/<name>.sql` in Django's connection, planned for these very values. For great blocks: they stay a
    parameter, neither quoted here nor parsed there as part of the statement.
    """
    raw = _ready()
    with connection.wrap_database_errors:
        return Cursor(raw).execute(load_sql(app_label, name), values, prepare=False)


def _ready() -> Connection[tuple[Any, ...]]:
    connection.ensure_connection()
    raw: Connection[tuple[Any, ...]] = connection.connection
    # Django leaves this off for the sake of poolers; its own cursors never prepare, whatever stands here.
    raw.prepare_threshold = 0
    return raw


def _rows(cursor: Cursor[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []
