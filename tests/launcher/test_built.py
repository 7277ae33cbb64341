import os
from pathlib import Path

from launcher.built import fingerprint


def test_content_and_names_count_and_dates_do_not(tmp_path: Path) -> None:
    source = tmp_path / "a.css"
    source.write_text("a{}")
    first = fingerprint([source])

    os.utime(source, (0, 0))
    assert fingerprint([source]) == first

    source.write_text("b{}")
    assert fingerprint([source]) != first

    renamed = source.rename(tmp_path / "b.css")
    renamed.write_text("a{}")
    assert fingerprint([renamed]) != first


def test_order_does_not_count_and_absence_does(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_text("x")

    assert fingerprint([one, two]) == fingerprint([two, one]) != fingerprint([one])
