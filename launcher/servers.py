"""PostgreSQL and Redis for a command: those given in the environment, those already running, or embedded ones."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from launcher import postgres, redis
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

    def stop(self, *, at_once: bool = False) -> list[str]:
        """Stop Redis, then PostgreSQL; the names of those that had to be killed."""
        if self.stopped:
            return []
        self.stopped = True
        (self.state.folder / "servers.json").unlink(missing_ok=True)
        killed = []
        if self.broker and not redis.stop(self.broker.process):
            killed.append("redis")
        if self.database and at_once:
            postgres.stop_at_once(self.database.process)
        elif self.database and not postgres.stop(self.database.process):
            killed.append("postgres")
        return killed


@contextlib.contextmanager
def started(
    state: State, command: str, *, given: dict[str, str] | None = None, throwaway: bool = False
) -> Iterator[Servers]:
    """Start the servers whose address is not `given` (by default in the environment) for the time of the `with` block.

    `throwaway` servers are the tests': fast, and nothing they hold is kept with care.
    Raises Held where another command has this state folder.
    """
    check_room(state)
    with hold(state, command):
        servers = Servers(state, {"ENVOL_STATE": str(state.folder)} | (_given() if given is None else given))
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
    if len(given := _given()) == 2:
        yield {"ENVOL_STATE": str(state.folder)} | given
        return
    with contextlib.ExitStack() as stack:
        try:
            servers = stack.enter_context(started(state, command))
        except Held:
            yield stack.enter_context(joined(state))
            return
        servers.publish()
        try:
            yield servers.env
        finally:
            wait_for_users(state)


def _given() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
