"""How a command ends: its exit code, its one sentence, and in order whatever signal came."""

import signal
from collections.abc import Callable

from launcher.refusal import Refusal
from launcher.terminal import complain


def ended(command: Callable[[], int]) -> int:
    """Run `command`; 0 done, 1 refused with the reason on standard error, 130 after Ctrl-C."""
    try:
        return command()
    except Refusal as refusal:
        complain(str(refusal))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def end_in_order_on_signals() -> None:
    """Let SIGTERM and a closed terminal unwind the program as Ctrl-C does, so that what it started is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _unwind)


def _unwind(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
