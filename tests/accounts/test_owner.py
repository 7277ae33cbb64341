"""The owner's password is printed once, and never an old one."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User

pytestmark = pytest.mark.django_db


def owner(*words: str) -> dict[str, object]:
    out = StringIO()
    call_command("owner", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_first_call_makes_the_owner_and_later_ones_say_nothing() -> None:
    first, second = owner(), owner()

    assert first["created"] is True
    assert User.objects.get(email=first["email"]).check_password(str(first["password"]))
    assert (second["created"], second["password"]) == (False, None)


def test_reset_gives_a_new_password_and_the_old_one_is_dead() -> None:
    old = owner()["password"]
    new = owner("--reset")["password"]

    user = User.objects.get()
    assert user.check_password(str(new))
    assert not user.check_password(str(old))
