import json

import pytest

from contacts.values import ENCODERS, WrongValue, language_of


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("text", 'dit "oui"', 'dit "oui"'),
        ("number", "1 204,50", 1204.5),
        ("number", "007", 7),
        ("number", "-0", 0),
        ("date", "14/05/2026", "2026-05-14"),
        ("date", "2024-05-17 09:12:44", "2024-05-17"),
        ("boolean", "Oui", True),
        ("boolean", "n", False),
        ("choices", "lin; coton", ["lin", "coton"]),
    ],
)
def test_values_have_one_spelling(kind: str, value: str, stored: object) -> None:
    assert json.loads(ENCODERS[kind](value)) == stored


@pytest.mark.parametrize(("kind", "value"), [("number", "douze"), ("date", "31/02/2026"), ("boolean", "peut-être")])
def test_values_that_do_not_fit_are_refused(kind: str, value: str) -> None:
    with pytest.raises(WrongValue):
        ENCODERS[kind](value)


@pytest.mark.parametrize(("value", "code"), [("fr_FR", "fr"), ("Anglais", "en"), ("EN", "en"), ("de", ""), ("", "")])
def test_language_of_many_spellings(value: str, code: str) -> None:
    assert language_of(value) == code
