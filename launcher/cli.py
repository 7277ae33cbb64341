"""The commands of `./envol`."""

import contextlib
import shlex
import signal
from collections.abc import Callable

from launcher import assets, environment, keys, linting, programs, requirements, reset, run, testing, translations
from launcher.commands import end_in_order_on_signals, ended
from launcher.locks import Held, hold, joined
from launcher.refusal import Refusal
from launcher.servers import serving
from launcher.state import open_state
from launcher.terminal import complain, say, step

USAGE = """\
./envol COMMAND

  run                  start everything and print the address; Ctrl-C stops it (without a command: this)
  setup                install and build what is missing, start nothing
  test [ARGUMENTS]     run the tests; the arguments go to pytest
  lint                 check style, types, floors, templates and translations
  reset [--yes]        delete the database, the files and the keys, and start over
  servers [--test]     start PostgreSQL and Redis alone, until Ctrl-C
  process NAME         become one of the processes, for a process manager (docs/running.md)
  shell-env [--test]   print the environment of the running servers: eval "$(./envol shell-env)"
  requirements [...]   pin the packages of pyproject.toml; the arguments go to uv

PORT, ENVOL_URL, ENVOL_STATE, DATABASE_URL, REDIS_URL and more: docs/running.md
"""


class WrongUse(Exception):
    """The command line makes no sense; the text says what in it."""


def _run(arguments: list[str]) -> int:
    _flag(arguments)
    return run.run()


def _setup(arguments: list[str]) -> int:
    _flag(arguments)
    environment.ensure()
    translations.compile_changed()
    assets.build()
    return 0


def _lint(arguments: list[str]) -> int:
    _flag(arguments)
    return linting.run()


def _reset(arguments: list[str]) -> int:
    return reset.run(is_confirmed=_flag(arguments, "--yes"))


def _servers(arguments: list[str]) -> int:
    of_tests = _flag(arguments, "--test")
    environment.ensure()
    state = open_state(testing.FOLDER if of_tests else "")
    command = testing.SERVERS if of_tests else "./envol servers"
    given: dict[str, str] | None = {} if of_tests else None
    with hold(state, command), serving(state, given=given, throwaway=of_tests) as servers:
        keys.ensure(state)
        servers.publish()
        step(f'PostgreSQL and Redis are running; in another shell: eval "$(./envol shell-env{" --test" * of_tests})"')
        signal.pause()
    return 0


def _shell_env(arguments: list[str]) -> int:
    state = open_state(testing.FOLDER if _flag(arguments, "--test") else "")
    with contextlib.suppress(Held), hold(state, "./envol shell-env"):
        raise Refusal("Nothing is running here: start ./envol run or ./envol servers first.")
    with joined(state) as env:
        for name, value in env.items():
            say(f"export {name}={shlex.quote(value)}")
    return 0


def _process(arguments: list[str]) -> int:
    if len(arguments) != 1:
        raise WrongUse("Which process?")
    return programs.become(arguments[0], open_state().folder)


def _help(arguments: list[str]) -> int:
    _flag(arguments)
    say(USAGE.rstrip())
    return 0


def _flag(arguments: list[str], known: str = "") -> bool:
    """Whether the one `known` flag was given; raises WrongUse on anything else."""
    if arguments and arguments != [known]:
        raise WrongUse(f"Not understood: {shlex.join(arguments)}")
    return bool(arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": _run,
    "setup": _setup,
    "test": testing.run,
    "lint": _lint,
    "reset": _reset,
    "servers": _servers,
    "process": _process,
    "shell-env": _shell_env,
    "requirements": requirements.run,
    "help": _help,
    "--help": _help,
    "-h": _help,
}


def main(arguments: list[str]) -> int:
    """Run one command; the exit code is 0 done, 1 refused with the reason, 2 wrong use."""
    end_in_order_on_signals()
    name, *rest = arguments or ["run"]
    try:
        if name not in COMMANDS:
            raise WrongUse(f"There is no command {name}.")
        return ended(lambda: COMMANDS[name](rest))
    except WrongUse as error:
        complain(f"{error}\n\n{USAGE}")
        return 2
