"""Two beats ring; one job runs."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from common.locks import only_one


def _try_from_another_connection(name: str) -> bool:
    try:
        with only_one(name) as taken:
            return taken
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_second_one_walks_away_and_the_lock_is_free_again() -> None:
    with only_one("nightly") as first, ThreadPoolExecutor(1) as pool:
        second = pool.submit(_try_from_another_connection, "nightly").result()
        other = pool.submit(_try_from_another_connection, "another job").result()
    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(_try_from_another_connection, "nightly").result()

    assert (first, second, other, later) == (True, False, True, True)
