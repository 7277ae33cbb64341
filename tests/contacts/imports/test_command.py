import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from contacts.models import Contact, ContactList, Suppression
from tests.contacts.imports.conftest import zipped
from tests.contacts.imports.test_parcels import AUDIENCE

GOOD = "email,first_name\nlea@courriel.example,Léa\n,Personne\nLEA@courriel.example,Léa\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def run(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    call_command("import_contacts", str(path), "--list", "Salon", "--consent-source", "fair", *more)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_command_makes_the_list_and_prints_counts(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(file, capsys, "--json", "--tracking-consent", "granted"))

    assert {name: found[name] for name in ("rows", "created", "changed", "unchanged", "refused")} == {
        "rows": 3,
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "refused": 2,
    }
    assert found["reasons"] == {"missing": 1, "broken": 0, "duplicate": 1}
    assert Contact.objects.on_list(ContactList.objects.get(name="Salon")).get().open_consent == 1


@pytest.mark.django_db
def test_command_prints_a_line_per_figure(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(file, capsys).splitlines()

    assert lines[:6] == [
        "rows 3",
        "created 1",
        "changed 0",
        "unchanged 0",
        "refused 2",
        "reasons missing=1 broken=0 duplicate=1",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "code", "word"),
    [(b"", 1, "empty"), (b"city\nLyon\n", 1, "No column"), (b"PK\x03\x04", 1, "damaged ZIP")],
)
def test_command_refuses_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: int, word: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=word) as refused:
        run(path, capsys, "--json")

    assert refused.value.returncode == code
    assert word in json.loads(capsys.readouterr().out)["error"]
    assert not ContactList.objects.exists()


@pytest.mark.django_db
def test_command_with_a_missing_file_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as wrong:
        run(tmp_path / "none.csv", capsys)

    assert wrong.value.returncode == 2


@pytest.mark.django_db
def test_command_takes_a_whole_audience(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audience.zip"
    path.write_bytes(zipped(AUDIENCE))

    tables = json.loads(run(path, capsys, "--json"))["tables"]

    assert {table["file"].partition("_")[0]: (table["kind"], table["created"]) for table in tables} == {
        "subscribed": ("people", 3),
        "unsubscribed": ("suppress", 1),
        "cleaned": ("suppress", 1),
        "nonsubscribed": ("suppress", 1),
    }
    assert Contact.objects.on_list(ContactList.objects.get(name="Salon")).count() == 2


@pytest.mark.django_db
def test_command_never_subscribes_those_who_unsubscribed_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next(name for name in AUDIENCE if name.startswith("unsubscribed"))
    path = tmp_path / name
    path.write_text(AUDIENCE[name])

    assert json.loads(run(path, capsys, "--json"))["kind"] == "suppress"

    assert not Contact.objects.exists()
    assert not ContactList.objects.exists()
    assert Suppression.objects.get().address_key == "left@courriel.example"
