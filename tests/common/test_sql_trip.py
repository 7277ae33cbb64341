"""Several statements in one write to the server: all or none, whatever happens on the way."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, OperationalError, connection

from common.sql import Hot, in_one_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("create temporary table kept (id bigint primary key, words text)")


STORE = "insert into kept values (%(id)s, %(words)s) returning id, words"


def kept() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("select id, words from kept order by id")
        return cursor.fetchall()


@pytest.mark.usefixtures("table")
def test_each_statement_gives_its_rows_and_a_later_one_sees_an_earlier() -> None:
    count = Hot("select count(*), array_agg(id) from kept", {})

    found = in_one_trip(
        Hot(STORE, {"id": 1, "words": "c'est 100 %"}), count, Hot(STORE, {"id": 2, "words": None}), count
    )

    assert found == [[(1, "c'est 100 %")], [(1, [1])], [(2, None)], [(2, [1, 2])]]
    assert kept() == [(1, "c'est 100 %"), (2, None)]


def test_values_arrive_as_what_they_are() -> None:
    at = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    asked = "select %(at)s::timestamptz, %(ids)s::bigint[], %(is_so)s::boolean, %(none)s::int, %(half)s::float8"

    found = in_one_trip(Hot(asked, {"at": at, "ids": [2**40, 3], "is_so": False, "none": None, "half": 0.5}))

    assert found == [[(at, [2**40, 3], False, None, 0.5)]]


@pytest.mark.usefixtures("table")
def test_one_that_fails_undoes_all_and_the_connection_goes_on() -> None:
    for _ in range(2):  # also when its statements were prepared by a failed try
        with pytest.raises(DatabaseError, match="division by zero"):
            in_one_trip(
                Hot(STORE, {"id": 1, "words": "a"}),
                Hot("select 1 / %(nothing)s", {"nothing": 0}),
                Hot("select count(*) + 0 from kept", {}),
            )
        assert kept() == []

    assert in_one_trip(Hot(STORE, {"id": 1, "words": "a"})) == [[(1, "a")]]
    assert kept() == [(1, "a")]


def test_a_server_that_goes_away_is_said_and_the_next_connection_is_new() -> None:
    with pytest.raises(OperationalError):
        in_one_trip(Hot("select pg_terminate_backend(pg_backend_pid())", {}), Hot("select 1", {}))
    connection.close()

    assert in_one_trip(Hot("select 1", {})) == [[(1,)]]


@pytest.mark.usefixtures("table")
def test_a_megabyte_each_way_does_not_stop_the_trip() -> None:
    words = "é" * 1_000_000

    found = in_one_trip(*[Hot(STORE, {"id": number, "words": words}) for number in range(8)])

    assert [rows[0][1] == words for rows in found] == [True] * 8
