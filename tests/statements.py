"""What runs at the driver, Django's own statements and prepared ones alike; and a server that goes away at one."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """The texts of what is executed within the block; BEGIN and COMMIT are not among them."""
    ran: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        ran.append(str(query))
        return execute(cursor, query, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counted)
        yield ran


@contextlib.contextmanager
def lost_at(words: str) -> Iterator[None]:
    """The connection is lost whenever a statement that holds `words` is sent."""
    execute = psycopg.Cursor.execute

    def broken(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if words in str(query):
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return execute(cursor, query, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", broken)
        yield
