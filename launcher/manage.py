"""What surrounds Django's commands in `./manage.py`."""

import os
import sys

from launcher import environment, keys, translations
from launcher.checkout import venv, venv_python
from launcher.commands import end_in_order_on_signals, ended
from launcher.configuration import given_servers
from launcher.servers import at_hand
from launcher.state import State, is_migrated, open_state, remember_migrated
from launcher.terminal import step

# these say something about commands and touch nothing
_WITHOUT_SERVERS = {"help", "--help", "-h", "version", "--version"}

# these are the ones that bring a database to its shape
_BEFORE_MIGRATING = {"migrate", "makemigrations"}


def main(arguments: list[str]) -> int:
    """Run one of Django's commands in the project's environment with servers at hand; its exit code."""
    return ended(lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    environment.ensure()
    if os.path.realpath(sys.prefix) != os.path.realpath(venv()):
        # the same program with the same words, no shell between
        os.execv(venv_python(), [str(venv_python()), *arguments])  # noqa: S606
    translations.compile_changed()
    state = open_state()
    if not os.environ.get("ENVOL_KEYS"):
        keys.ensure(state)
    os.environ["ENVOL_STATE"] = str(state.folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    name = arguments[1] if len(arguments) > 1 else "help"
    if name in _WITHOUT_SERVERS:
        return _django(arguments)
    # a program that `run` started has its servers given, and its own way to end
    if len(given_servers()) < 2:
        end_in_order_on_signals()
    is_embedded = "DATABASE_URL" not in given_servers()
    with at_hand(state, f"./manage.py {name}") as env:
        os.environ.update(env)
        if not is_embedded:
            # imported late: only the project's environment has the driver
            from launcher.reach import check_database

            check_database(env["DATABASE_URL"])
        elif name not in _BEFORE_MIGRATING and not is_migrated(state):
            _migrate(state)
        return _django(arguments)


def _django(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)
    return 0


def _migrate(state: State) -> None:
    import django
    from django.core.management import call_command

    step("Preparing the database …")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    remember_migrated(state)
