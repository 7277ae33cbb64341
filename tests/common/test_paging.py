"""Keyset pages: nobody twice, nobody missing, forwards and back, whatever the cursor holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from common.paging import page

pytestmark = pytest.mark.django_db

NAMES = ["Ana", "Ana", "Bo", "Cy", "Di", "Di", "Di"]


@pytest.fixture
def people() -> list[User]:
    return [User.objects.create_user(f"p{n}@envol.example", name=name) for n, name in enumerate(NAMES)]


@pytest.mark.parametrize("order", [("name", "pk"), ("-name", "-pk")])
def test_pages_walk_through_everybody_and_back(people: list[User], order: tuple[str, str]) -> None:
    expected = [user.pk for user in User.objects.order_by(*order)]

    pages = [page(User.objects.all(), order=order, size=3)]
    while pages[-1].after:
        pages.append(page(User.objects.all(), order=order, cursor=pages[-1].after, size=3))
    back = page(User.objects.all(), order=order, cursor=pages[-1].before, size=3)

    assert [row.pk for found in pages for row in found.rows] == expected
    assert back.rows == pages[-2].rows
    assert pages[0].before == ""


def test_a_cursor_of_another_type_shows_the_first_page(people: list[User]) -> None:
    import base64
    import json

    odd = base64.urlsafe_b64encode(json.dumps(["a", "x", "not a number"]).encode()).decode()

    assert page(User.objects.all(), order=("name", "pk"), cursor=odd, size=3).rows[0].name == "Ana"


@given(st.text(max_size=60))
def test_noise_shows_the_first_page(noise: str) -> None:
    assert page(User.objects.all(), order=("name", "pk"), cursor=noise, size=3).before == ""
