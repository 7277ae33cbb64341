"""Advisory locks: a periodic job runs once, however many beats ring."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from django.db import connection


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Hold the session-level lock called `name`; yields False when somebody else holds it (walk away then)."""
    key = crc32(name.encode())
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [0x456E766F, key - 2**31])
        row = cursor.fetchone()
        taken = bool(row and row[0])
        try:
            yield taken
        finally:
            if taken:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [0x456E766F, key - 2**31])
