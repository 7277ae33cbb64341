"""The commands as a person types them."""

import ast
from pathlib import Path

import pytest

from launcher.checkout import ROOT
from launcher.state import State
from tests.launcher.conftest import Envol


def test_help_lists_the_commands(envol: Envol) -> None:
    process = envol("help")

    assert "./envol COMMAND" in process.communicate()[0]
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [["fly"], ["reset", "--no"], ["run", "now"]])
def test_wrong_use_ends_with_two(envol: Envol, arguments: list[str]) -> None:
    process = envol(*arguments)

    assert "./envol COMMAND" in process.communicate()[1]
    assert process.returncode == 2


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"PORT": "http"}, "PORT must be a port number between 1 and 65535, not “http”.\n"),
        ({"ENVOL_STATE": "/proc/envol"}, "Cannot write to /proc/envol: No such file or directory.\n"),
        ({"ENVOL_VENV": "/nowhere"}, "ENVOL_VENV names /nowhere, and there is no bin/python in it.\n"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(envol: Envol, env: dict[str, str], sentence: str) -> None:
    process = envol("run", **env)

    assert process.communicate() == ("", sentence)
    assert process.returncode == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [("fly", "there are web, catcher, worker, desk, express, beat"), ("web", "must name your own servers")],
)
def test_a_process_by_hand_needs_a_name_and_servers(envol: Envol, name: str, words: str) -> None:
    process = envol("process", name)

    assert words in process.communicate()[1]
    assert process.returncode == 1


def test_reset_asks_somebody(envol: Envol, folder: Path) -> None:
    (folder / "keys.json").write_text("{}")
    process = envol("reset")

    assert "add --yes" in process.communicate()[1]
    assert process.returncode == 1
    assert (folder / "keys.json").exists()


def test_reset_deletes_what_is_ours_and_nothing_else(envol: Envol, state: State) -> None:
    state.write("keys.json", {})
    (state.room("pg18") / "PG_VERSION").write_text("18")
    (state.folder / "letter.odt").write_text("dear …")
    process = envol("reset", "--yes")

    process.communicate()
    assert process.returncode == 0
    assert sorted(path.name for path in state.folder.iterdir()) == ["letter.odt", "lock"]


def test_reset_leaves_given_servers_alone(envol: Envol) -> None:
    process = envol("reset", "--yes", DATABASE_URL="postgres://somewhere/envol")

    assert "not ours to empty" in process.communicate()[1]
    assert process.returncode == 1


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must look like postgres://"),
        ({"DATABASE_URL": "postgres://u:secret@127.0.0.1:1/x"}, "The database of DATABASE_URL cannot be used:"),
    ],
)
def test_a_database_that_does_not_answer_is_said_in_one_sentence(
    envol: Envol, env: dict[str, str], sentence: str
) -> None:
    process = envol("owner", program="manage.py", REDIS_URL="redis://127.0.0.1:1/0", **env)
    told = process.communicate()[1]

    assert told.startswith(sentence)
    assert told.count("\n") == 1
    assert "secret" not in told
    assert process.returncode == 1


@pytest.mark.parametrize("name", ["envol", "manage.py", "launcher/__init__.py", "launcher/interpreter.py"])
def test_an_old_python_can_read_what_tells_it_so(name: str) -> None:
    ast.parse((ROOT / name).read_text(), feature_version=(3, 6))
