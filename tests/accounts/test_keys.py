"""A database written with other keys is refused in one sentence."""

import dataclasses

import pytest

from accounts.services import WrongKeys, check_keys

pytestmark = pytest.mark.django_db


def test_the_same_keys_start_again_and_others_do_not(settings) -> None:  # type: ignore[no-untyped-def]
    check_keys()
    check_keys()
    settings.KEYS = dataclasses.replace(settings.KEYS, link={1: b"somebody else's key"})

    with pytest.raises(WrongKeys, match=r"keys\.json"):
        check_keys()
