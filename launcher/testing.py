"""`./envol test`: the tests on servers of their own, beside the ones in daily use and never on real data."""

import contextlib
import os

from launcher import assets, environment, keys, translations
from launcher.checkout import ROOT, venv_python
from launcher.locks import Held, hold, joined
from launcher.processes import in_foreground
from launcher.servers import serving
from launcher.state import open_state

# the state of the tests, inside the state folder
FOLDER = "test"

# the command that keeps servers running for tests started by hand
SERVERS = "./envol servers --test"

# what a person set for the real installation says nothing to the tests
_NOT_FOR_TESTS = ("DEBUG", "EMAIL_URL", "ENVOL_BIND", "ENVOL_KEYS", "ENVOL_TRACKING_URL", "ENVOL_URL", "PORT", "SAMPLE")


# Redis has sixteen databases, and a process with its browser wants a gigabyte
_MOST_PROCESSES = 8


def run(pytest_arguments: list[str]) -> int:
    """Run pytest with `pytest_arguments`, all tests on all processors without any; its exit code.

    ENVOL_TEST_DATABASE_URL and ENVOL_TEST_REDIS_URL name servers to use instead of embedded ones. The database's role
    must be allowed to create databases; the Redis database and those after it, one a process, are emptied.
    """
    environment.ensure(environment.DEV)
    translations.compile_changed()
    assets.build()
    given = {
        name: os.environ[f"ENVOL_TEST_{name}"]
        for name in ("DATABASE_URL", "REDIS_URL")
        if os.environ.get(f"ENVOL_TEST_{name}")
    }
    state = open_state(FOLDER)
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_TESTS}
    command = [str(venv_python()), "-m", "pytest", *(pytest_arguments or _all_of_it())]
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(state, "./envol test"))
        except Held as held:
            # two runs at once would empty each other's Redis; servers that were started for this are shared
            if held.by != SERVERS:
                raise
            env = stack.enter_context(joined(state))
        else:
            keys.ensure(state)
            # tests read the static files where they are; whitenoise complains where nothing was ever collected
            (state.folder / "static").mkdir(exist_ok=True)
            env = stack.enter_context(serving(state, given=given, throwaway=True)).env
        return in_foreground(command, env=kept | env, cwd=ROOT)


def _all_of_it() -> list[str]:
    """Shared out by hand-over: a process that has run out takes half of what the slowest has left."""
    return [f"--numprocesses={min(os.cpu_count() or 1, _MOST_PROCESSES)}", "--dist=worksteal"]
