"""Key rings: read from a file or the environment, and a plain sentence when they cannot be."""

import json
from pathlib import Path

import pytest

from common.keys import Keys, KeysMissing, load_keys

RING = {"session": ["s2", "s1"], "link": {"1": "aa" * 16, "2": "bb" * 16}, "encryption": ["new", "old"]}


def test_the_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(RING))

    keys = load_keys("", tmp_path / "keys.json")

    assert keys.session == ("s2", "s1")
    assert keys.link_number == 2


def test_the_environment_wins(tmp_path: Path) -> None:
    assert load_keys(json.dumps(RING), tmp_path / "absent.json").encryption == ("new", "old")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match=r"keys\.json"):
        load_keys("", tmp_path / "keys.json")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"session": [], "link": {"x": "aa"}, "encryption": []}'])
def test_a_damaged_ring_is_said(text: str, tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="damaged"):
        load_keys(text, tmp_path / "keys.json")


def test_a_fingerprint_follows_the_lasting_keys_not_the_newest() -> None:
    first = Keys(session=("a",), link={1: b"one"}, encryption=("e1",))
    rotated = Keys(session=("b", "a"), link={1: b"one", 2: b"two"}, encryption=("e2", "e1"))
    foreign = Keys(session=("a",), link={1: b"other"}, encryption=("e1",))

    assert first.fingerprints() == rotated.fingerprints()
    assert first.fingerprints() != foreign.fingerprints()
