import errno
import os
import stat
from pathlib import Path

import pytest

from launcher import keys
from launcher.refusal import Refusal, in_plain_words
from launcher.state import State, open_state

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the servers another account")


@pytest.fixture(autouse=True)
def _embedded_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_again_and_private(state: State) -> None:
    state.write("a.json", {"password": "x"})
    state.write("a.json", {"password": "y"})

    assert state.read("a.json") == {"password": "y"}
    assert _mode(state.folder / "a.json") == 0o600
    assert [path.name for path in state.folder.iterdir()] == ["a.json"]


def test_what_was_never_written_is_none(state: State) -> None:
    assert state.read("a.json") is None


def test_a_damaged_file_is_named(state: State) -> None:
    (state.folder / "a.json").write_text("{")

    with pytest.raises(Refusal, match=r"a\.json"):
        state.read("a.json")


def test_a_room_is_the_servers_and_nobody_else_s(state: State) -> None:
    room = state.room("redis")

    assert _mode(room) == 0o700
    assert room.stat().st_uid == (state.account.uid if state.account else os.geteuid())


def test_a_long_log_is_put_aside(state: State) -> None:
    with state.log("redis") as log:
        log.write("x" * 10_000_001)
    with state.log("redis") as log:
        log.write("new")

    assert (state.folder / "logs" / "redis.log").read_text() == "new"
    assert (state.folder / "logs" / "redis.old.log").exists()


def test_keys_are_made_once(state: State) -> None:
    assert keys.ensure(state)
    made = state.read(keys.FILE)
    assert not keys.ensure(state)

    assert made is not None
    assert state.read(keys.FILE) == made
    assert len(bytes.fromhex(made["link"]["1"])) == 32
    assert made["session"]
    assert made["encryption"]


def test_the_state_folder_is_made_where_it_was_chosen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVOL_STATE", str(folder / "deep" / "down"))
    before = os.umask(0o077)
    try:
        state = open_state()
    finally:
        os.umask(before)

    assert state.folder == folder / "deep" / "down"
    assert state.account is None or state.account.reaches(state.folder)


@as_root
def test_a_chosen_folder_that_the_servers_cannot_reach_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.chmod(0o700)
    monkeypatch.setenv("ENVOL_STATE", str(folder / "state"))

    with pytest.raises(Refusal, match="cannot reach"):
        open_state()

    assert _mode(folder) == 0o700
    assert not (folder / "state").exists()


def test_nobody_lends_an_account_to_given_servers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o700)
    monkeypatch.setenv("ENVOL_STATE", str(folder / "state"))
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/envol")
    monkeypatch.setenv("REDIS_URL", "redis://redis.example")

    assert open_state() == State(folder / "state", None)


@as_root
def test_an_existing_cluster_keeps_its_owner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder / "pg18"
    data.mkdir()
    os.chown(data, 65534, 65534)
    monkeypatch.setenv("ENVOL_STATE", str(folder))

    account = open_state().account

    assert account is not None
    assert account.uid == 65534


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "is full: make room"), (errno.EROFS, "Cannot write to /x: Read-only")]
)
def test_the_system_s_words_become_a_sentence(number: int, words: str) -> None:
    with pytest.raises(Refusal, match=words), in_plain_words(Path("/x")):
        raise OSError(number, os.strerror(number))
