"""Every route × method × role against tests/access/table.py."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.table import ADMIN, PUBLIC, ROUTES

# Libraries' own routes follow one rule each and are not listed one by one.
LIBRARY_ROUTES = ("admin:", "account_", "mfa_", "socialaccount_", "usersessions_")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def route_names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from route_names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}"


def test_every_route_has_a_row() -> None:
    ours = {name for name in route_names(get_resolver()) if not name.startswith(LIBRARY_ROUTES)}

    assert ours == set(ROUTES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ROUTES))
def test_strangers_meet_the_door_the_table_says(client: Client, name: str) -> None:
    row = ROUTES[name]

    for method in METHODS:
        client.cookies.clear()
        response = client.generic(method, reverse(name, args=row.args))

        sent_to_sign_in = response.status_code == 302 and "login" in response["Location"]
        if row.who == PUBLIC:
            assert not sent_to_sign_in, method
            assert (response.status_code == 405) == (method not in row.methods), method
        else:
            assert sent_to_sign_in, method


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(name for name, row in ROUTES.items() if row.who != PUBLIC))
def test_team_meets_the_methods_the_table_says(team_client: Client, name: str) -> None:
    row = ROUTES[name]

    for method in METHODS:
        status = team_client.generic(method, reverse(name, args=row.args)).status_code
        if row.who == ADMIN:
            assert status in (302, 403), method
        else:
            assert (status == 405) == (method not in row.methods), method
            assert status < 500, method
