"""Numbers handed out in blocks, each in a short transaction of its own: gaps do no harm, waiting would."""

from django.db import connection


def draw(name: str, count: int = 1) -> int:
    """The first of `count` numbers nobody else gets. Atomic by itself; call it outside longer transactions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into delivery_counter (name, next) values (%(name)s, 1 + %(count)s) on conflict (name) "
            "do update set next = delivery_counter.next + %(count)s returning next - %(count)s",
            {"name": name, "count": count},
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])
