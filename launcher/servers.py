"""PostgreSQL and Redis for a command: those given in the environment, those already running, or embedded ones."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from launcher import postgres, redis
from launcher.configuration import given_servers
from launcher.locks import Held, hold, joined, wait_for_users
from launcher.state import State, check_room


@dataclass
class Servers:
    """What this command started, and the environment that leads to all of it."""

    state: State
    env: dict[str, str]
    database: postgres.Server | None = None
    broker: redis.Server | None = None
    stopped: bool = field(default=False, init=False)

    def publish(self, more: dict[str, str] | None = None) -> None:
        """Let other commands join."""
        self.env |= more or {}
        self.state.write("servers.json", self.env)

    def ended(self) -> str | None:
        """The name of a server that ended without being asked; None while all is well."""
        if self.database and self.database.process.poll() is not None:
            return "PostgreSQL"
        if self.broker and self.broker.process.poll() is not None:
            return "Redis"
        return None

    def stop(self, *, at_once: bool = False) -> None:
        """Stop Redis, then PostgreSQL. Interrupted while it waits, it stops what is left without waiting."""
        if self.stopped:
            return
        self.stopped = True
        (self.state.folder / "servers.json").unlink(missing_ok=True)
        try:
            if self.broker:
                redis.stop(self.broker.process)
            if self.database and not at_once:
                postgres.stop(self.database.process)
        finally:
            if self.database:
                postgres.stop_at_once(self.database.process)


@contextlib.contextmanager
def serving(state: State, *, given: dict[str, str] | None = None, throwaway: bool = False) -> Iterator[Servers]:
    """Start the servers whose address is not `given` (by default in the environment) for the time of the `with` block.

    The caller holds the state folder. `throwaway` servers are the tests': fast, and nothing in them is kept with care.
    """
    check_room(state)
    servers = Servers(state, {"ENVOL_STATE": str(state.folder)} | (given_servers() if given is None else given))
    try:
        if "DATABASE_URL" not in servers.env:
            servers.database = postgres.start(state, throwaway=throwaway)
            servers.env["DATABASE_URL"] = servers.database.url
        if "REDIS_URL" not in servers.env:
            servers.broker = redis.start(state, throwaway=throwaway)
            servers.env["REDIS_URL"] = servers.broker.url
        yield servers
    finally:
        servers.stop()


@contextlib.contextmanager
def at_hand(state: State, command: str) -> Iterator[dict[str, str]]:
    """The environment of servers for a short command: joins running ones, else starts them for its own time."""
    if len(given := given_servers()) == 2:
        yield {"ENVOL_STATE": str(state.folder)} | given
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(state, command))
        except Held:
            yield stack.enter_context(joined(state))
            return
        servers = stack.enter_context(serving(state))
        servers.publish()
        try:
            yield servers.env
        finally:
            wait_for_users(state)
