import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.programs import Program
from launcher.supervisor import Supervisor


def _program(name: str, script: str, wave: int = 0) -> Program:
    return Program(name, "green", wave, ("sh", "-c", script))


# stays up, and writes down when it was asked to stop
def _noting(name: str, notes: Path, wave: int) -> Program:
    return _program(name, f"trap 'echo {name} >> {notes}; exit' TERM; while :; do sleep 0.02; done", wave)


def _signal_once(when: Callable[[], bool]) -> Callable[[], str | None]:
    sent: list[bool] = []

    def look() -> None:
        if when() and not sent:
            sent.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    return look


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(dict(os.environ), tmp_path)


def test_lines_carry_the_name_of_their_program(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    script = "echo one; printf 'two\\nand a half'; sleep 0.1; printf ' more\\nlast, not ended'; sleep 60"
    with supervisor:
        supervisor.start(_program("web", script))
        began = time.monotonic()
        supervisor.run(until=_signal_once(lambda: time.monotonic() > began + 0.4))

    assert capsys.readouterr().out.splitlines() == [
        "web     │ one",
        "web     │ two",
        "web     │ and a half more",
        "web     │ last, not ended",
    ]


def test_a_signal_stops_wave_after_wave(supervisor: Supervisor, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with supervisor:
        for name, wave in (("catcher", 2), ("worker", 1), ("web", 0)):
            supervisor.start(_noting(name, notes, wave))
        began = time.monotonic()
        reason = supervisor.run(until=_signal_once(lambda: time.monotonic() > began + 0.3))

    assert reason is None
    assert notes.read_text().split() == ["web", "worker", "catcher"]


def test_a_second_signal_waits_for_nobody(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    with supervisor:
        supervisor.start(_program("worker", "trap '' TERM; while :; do sleep 0.02; done"))
        began = time.monotonic()
        supervisor.run(until=_signal_once(lambda: time.monotonic() > began + 0.2))
        os.kill(os.getpid(), signal.SIGINT)
        began = time.monotonic()
        supervisor.stop()

    assert time.monotonic() - began < 2
    assert "worker was stopped in the middle of its work" in capsys.readouterr().out


def test_what_ends_unasked_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    # ends the first time, stays the second time
    script = f"if [ -e {tmp_path}/again ]; then echo up > {tmp_path}/up; sleep 60; fi; touch {tmp_path}/again; exit 3"
    with supervisor:
        supervisor.start(_program("web", script))
        reason = supervisor.run(until=_signal_once((tmp_path / "up").exists))

    assert reason is None


def test_what_never_stays_up_stops_everything(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    with supervisor:
        supervisor.start(_program("web", "echo no such module; exit 1"))
        reason = supervisor.run(until=lambda: None)

    assert reason == "web does not stay up: the reason is in its lines above."
    assert capsys.readouterr().out.count("no such module") == 3


def test_what_is_expected_to_end_reports_its_code(supervisor: Supervisor) -> None:
    codes: list[int] = []
    with supervisor:
        supervisor.start(_program("sample", "exit 4"), on_end=codes.append)
        supervisor.run(until=_signal_once(lambda: bool(codes)))

    assert codes == [4]


def test_signals_mean_what_they_did_before(supervisor: Supervisor) -> None:
    before = signal.getsignal(signal.SIGINT)
    with supervisor:
        pass

    assert signal.getsignal(signal.SIGINT) is before
