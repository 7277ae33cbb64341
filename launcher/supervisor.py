"""Keeps the programs running, shows their lines, and stops them in order.

One thread and one loop: children are made between other things and never from a thread, because the kernel's death
signal follows the thread that made them, and nothing else may hold a lock while the launcher forks.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from launcher import processes
from launcher.programs import Program
from launcher.terminal import paint, say

# a program that lives shorter than this did not really start
_SETTLED_SECONDS = 10
_TRIES = 3
_PATIENCE_SECONDS = 20
# longer ones are cut, so that a program that never ends a line cannot fill the memory
_LONGEST_LINE = 100_000


@dataclass
class _Running:
    program: Program
    process: "subprocess.Popen[bytes]"
    started_at: float
    on_end: Callable[[int], None] | None = None
    quick_ends: int = 0
    unfinished_line: bytes = field(default=b"")


class Supervisor:
    """Runs programs in `folder` with the environment `env` until a signal comes or one of them will not stay up."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self._env = env
        self._folder = folder
        self._running: dict[str, _Running] = {}
        self._selector = selectors.DefaultSelector()
        self._signals = 0
        self._width = 8

    def __enter__(self) -> "Supervisor":
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._wake_before = signal.set_wakeup_fd(self._wake_write)
        handlers = {signal.SIGINT: self._asked_to_stop, signal.SIGTERM: self._asked_to_stop}
        handlers |= {signal.SIGHUP: self._asked_to_stop, signal.SIGCHLD: lambda *_: None}
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wake_before)
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self._signals += 1

    @property
    def is_asked_to_stop(self) -> bool:
        return self._signals > 0

    @property
    def is_in_a_hurry(self) -> bool:
        """A second Ctrl-C: stop without waiting for anybody."""
        return self._signals > 1

    def start(self, program: Program, *, on_end: Callable[[int], None] | None = None) -> None:
        """Start `program`. With `on_end` it is expected to end by itself and `on_end` gets its exit code."""
        self._launch(program, on_end=on_end)

    def _launch(self, program: Program, *, on_end: Callable[[int], None] | None = None, quick_ends: int = 0) -> None:
        process = processes.spawn(program.command, env=self._env, cwd=self._folder, output=subprocess.PIPE)
        running = _Running(program, process, time.monotonic(), on_end, quick_ends)
        self._running[program.name] = running
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, running)

    def run(self, until: Callable[[], str | None]) -> str | None:
        """Show lines and restart what ends, until a signal (None) or a reason to stop (the reason).

        `until` is asked some times a second and may give such a reason.
        """
        while not self.is_asked_to_stop:
            self._show_lines(timeout=0.1)
            if reason := self._look_after_ended() or until():
                return reason
        return None

    def stop(self) -> None:
        """Stop everything, wave by wave, and say what had to be killed."""
        for wave in sorted({running.program.wave for running in self._running.values()}):
            self._stop_wave([r for r in self._running.values() if r.program.wave == wave])

    def _stop_wave(self, wave: list[_Running]) -> None:
        for running in wave:
            if running.process.poll() is None and not self.is_in_a_hurry:
                running.process.terminate()
        begun = time.monotonic()
        has_said = False
        while left := [running for running in wave if running.process.poll() is None]:
            waited = time.monotonic() - begun
            if self.is_in_a_hurry or waited > _PATIENCE_SECONDS:
                self._kill(left)
                break
            if waited > 4 and not has_said:
                has_said = True
                names = ", ".join(running.program.name for running in left)
                say(f"Waiting for {names} to finish what it is doing (Ctrl-C again to stop at once) …")
            self._show_lines(timeout=0.05)
        self._show_lines(timeout=0)
        for running in wave:
            self._forget(running)

    def _kill(self, left: list[_Running]) -> None:
        for running in left:
            processes.kill(running.process)
            say(
                paint(
                    f"{running.program.name} was stopped in the middle of its work; that is taken up again.", "yellow"
                )
            )

    def _look_after_ended(self) -> str | None:
        """Start again what ended; a reason to give up where a program ends as soon as it starts."""
        for running in list(self._running.values()):
            code = running.process.poll()
            if code is None:
                continue
            self._show_lines(timeout=0)
            self._forget(running)
            name = running.program.name
            if running.on_end:
                running.on_end(code)
                continue
            lived = time.monotonic() - running.started_at
            quick_ends = running.quick_ends + 1 if lived < _SETTLED_SECONDS else 0
            if quick_ends >= _TRIES:
                return f"{name} does not stay up: the reason is in its lines above."
            say(paint(f"{name} ended ({_in_words(code)}) and is started again.", "red"))
            self._launch(running.program, quick_ends=quick_ends)
        return None

    def _forget(self, running: _Running) -> None:
        self._running.pop(running.program.name, None)
        # children of a program that was killed would keep its port and its work
        processes.kill(running.process)
        stream = running.process.stdout
        if stream and not stream.closed:
            if running.unfinished_line:
                self._show(running, running.unfinished_line)
            with contextlib.suppress(KeyError):
                self._selector.unregister(stream)
            stream.close()

    def _show_lines(self, timeout: float) -> None:
        for key, _events in self._selector.select(timeout):
            if key.fd == self._wake_read:
                os.read(self._wake_read, 512)
                continue
            running: _Running = key.data
            told = os.read(key.fd, 65536)
            if not told:
                self._selector.unregister(key.fileobj)
            *lines, running.unfinished_line = (running.unfinished_line + told).split(b"\n")
            if len(running.unfinished_line) > _LONGEST_LINE:
                lines, running.unfinished_line = [*lines, running.unfinished_line], b""
            for line in lines:
                self._show(running, line)

    def _show(self, running: _Running, line: bytes) -> None:
        prefix = paint(f"{running.program.name:<{self._width}}│", running.program.colour)
        say(f"{prefix} {line.decode(errors='replace').rstrip()}")


def _in_words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"killed by {signal.Signals(-code).name}"
