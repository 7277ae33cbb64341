"""The commands of `./envol`."""

import contextlib
import shlex
import signal
import sys
from collections.abc import Callable

from launcher import environment, keys, testing
from launcher.locks import Held, hold, joined
from launcher.refusal import Refusal
from launcher.servers import started
from launcher.state import open_state
from launcher.terminal import paint, say

USAGE = """\
Usage: ./envol COMMAND

  run                start everything and print the address (the default)
  test [ARGUMENTS]   run the tests, with pytest's arguments
  servers [--test]   start PostgreSQL and Redis alone, until Ctrl-C
  shell-env [--test] print the environment of the running servers: eval "$(./envol shell-env)"
"""


def test(arguments: list[str]) -> int:
    return testing.run(arguments)


def servers(arguments: list[str]) -> int:
    """Run the servers alone until a signal comes."""
    of_tests = _flag(arguments, "--test")
    environment.ensure()
    state = open_state(testing.FOLDER if of_tests else "")
    command = testing.SERVERS if of_tests else "./envol servers"
    with started(state, command, throwaway=of_tests, given={} if of_tests else None) as running:
        keys.ensure(state)
        running.publish()
        say(f'PostgreSQL and Redis are running; in another shell: eval "$(./envol shell-env{" --test" * of_tests})"')
        signal.pause()
    return 0


def shell_env(arguments: list[str]) -> int:
    """Print the environment of what runs, for a shell to read."""
    state = open_state(testing.FOLDER if _flag(arguments, "--test") else "")
    with contextlib.suppress(Held), hold(state, "./envol shell-env"):
        raise Refusal("Nothing is running here: start ./envol run or ./envol servers first.")
    with joined(state) as env:
        for name, value in env.items():
            say(f"export {name}={shlex.quote(value)}")
    return 0


def _flag(arguments: list[str], known: str) -> bool:
    if arguments and arguments != [known]:
        raise WrongUse(f"Unknown arguments: {shlex.join(arguments)}")
    return bool(arguments)


class WrongUse(Exception):
    """The command line makes no sense; the text says what in it."""


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "test": test,
    "servers": servers,
    "shell-env": shell_env,
}


def main(arguments: list[str]) -> int:
    """Run one command; the exit code is 0 done, 1 refused with the reason, 2 wrong use."""
    signal.signal(signal.SIGTERM, _ended_from_outside)
    signal.signal(signal.SIGHUP, _ended_from_outside)
    name, *rest = arguments or ["run"]
    try:
        if name not in COMMANDS:
            raise WrongUse(f"There is no command {name}.")
        return COMMANDS[name](rest)
    except WrongUse as error:
        sys.stderr.write(f"{error}\n\n{USAGE}")
        return 2
    except Refusal as refusal:
        sys.stderr.write(paint(f"{refusal}", "red") + "\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _ended_from_outside(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
