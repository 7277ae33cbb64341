"""What surrounds Django's commands in `./manage.py`."""

import contextlib
import os
import sys
from collections.abc import Callable

from launcher import environment, keys, translations
from launcher.checkout import venv, venv_python
from launcher.commands import end_in_order_on_signals, ended
from launcher.servers import at_hand, given_servers
from launcher.state import open_state

# these say something about commands and touch nothing
_WITHOUT_SERVERS = {"help", "--help", "-h", "version", "--version"}


def within_project(command: Callable[[], int]) -> int:
    """Run `command` in the project's environment with servers at hand; its exit code."""
    return ended(lambda: _within_project(command))


def _within_project(command: Callable[[], int]) -> int:
    environment.ensure()
    if os.path.realpath(sys.prefix) != os.path.realpath(venv()):
        # the same program with the same words, no shell between
        os.execv(venv_python(), [str(venv_python()), *sys.argv])  # noqa: S606
    translations.compile_changed()
    state = open_state()
    if not os.environ.get("ENVOL_KEYS"):
        keys.ensure(state)
    with contextlib.ExitStack() as stack:
        env = {"ENVOL_STATE": str(state.folder)}
        if not _WITHOUT_SERVERS.intersection(sys.argv[1:2] or ["help"]):
            # a program that `run` started has its servers given and its own way to end
            if len(given_servers()) < 2:
                end_in_order_on_signals()
            env = stack.enter_context(at_hand(state, f"./manage.py {' '.join(sys.argv[1:2])}"))
            _check_given_database()
        os.environ.update(env)
        return command()


def _check_given_database() -> None:
    """One sentence instead of a traceback where the database of the environment does not answer."""
    if url := os.environ.get("DATABASE_URL"):
        # imported late: only the project's environment has the driver
        from launcher.reach import check_database

        check_database(url)
