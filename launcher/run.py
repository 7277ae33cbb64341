"""`./envol run`: everything, from a bare checkout to a page that answers."""

import contextlib
import http.client
import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from launcher import assets, built, configuration, environment, keys, programs, translations
from launcher.checkout import ROOT, venv_python
from launcher.configuration import Configuration
from launcher.locks import hold
from launcher.ports import check_free
from launcher.refusal import Refusal
from launcher.servers import Servers, serving
from launcher.state import State, check_room, open_state, remember_migrated
from launcher.supervisor import Supervisor
from launcher.terminal import paint, say, step


def run() -> int:
    """Set up what is missing, start everything, keep it running until Ctrl-C; 0 after an orderly stop."""
    chosen = configuration.from_environment()
    state = open_state()
    with hold(state, "./envol run"):
        check_room(state)
        check_free(chosen.bind, chosen.port, "PORT")
        check_free("127.0.0.1", chosen.catcher_port, "ENVOL_CATCHER_PORT")
        environment.ensure()
        translations.compile_changed()
        assets.build()
        if not os.environ.get("ENVOL_KEYS") and keys.ensure(state):
            say(f"Made the keys of this installation; {state.folder / keys.FILE} belongs into every backup.")
        with serving(state) as servers:
            return _keep_running(state, servers, chosen)


def _keep_running(state: State, servers: Servers, chosen: Configuration) -> int:
    env = os.environ | servers.env | chosen.env | programs.ENVIRONMENT
    owner = first_steps(state, env)
    servers.publish(chosen.env)
    with Supervisor(env, ROOT) as supervisor:
        first, *others = programs.table(chosen, state.folder)
        supervisor.start(first)
        reason = supervisor.run(until=_Opening(servers, chosen, owner, supervisor, others).look)
        say("Stopping …")
        supervisor.stop()
        servers.stop(at_once=supervisor.is_in_a_hurry)
    if reason:
        raise Refusal(reason)
    say("Stopped.")
    return 0


@dataclass
class _Opening:
    """What happens once, when the page answers for the first time."""

    servers: Servers
    chosen: Configuration
    owner: dict[str, Any]
    supervisor: Supervisor
    others: list[programs.Program]
    is_open: bool = field(default=False, init=False)

    @property
    def state(self) -> State:
        return self.servers.state

    def look(self) -> str | None:
        """Asked some times a second: opens when it is time; a reason to stop where a server is gone."""
        if ended := self.servers.ended():
            return f"{ended} ended unexpectedly: the reason is in {self.state.folder / 'logs'}."
        if not self.is_open and _answers(self.chosen):
            self.is_open = True
            self._welcome()
            # the page first: a machine with few cores starts one thing at a time
            for program in self.others:
                self.supervisor.start(program)
            if self._wants_sample_data():
                self.supervisor.start(programs.loading_sample_data(), on_end=self._sample_data_ended)
        return None

    def _welcome(self) -> None:
        say()
        say(f"  {paint('Envol is ready', 'bold')}   {paint(self.chosen.url + '/', 'green')}")
        say(f"  login            {self.owner['email']}")
        if self.owner["password"]:
            say(f"  password         {self.owner['password']}   (shown only now)")
        else:
            say("  password         as you know it; a new one: ./manage.py owner --reset")
        say(f"  kept in          {self.state.folder}")
        if not self.chosen.is_local_only and "localhost" in self.chosen.url:
            say("  The port is open to the network: set ENVOL_URL to the address people will type.")
        say("  Ctrl-C stops it.")
        say()

    def _wants_sample_data(self) -> bool:
        if self.servers.database is None:
            return False
        said = self.state.read("sample.json") or {"wanted": True, "is_loaded": False}
        wanted = said["wanted"] if self.chosen.sample is None else self.chosen.sample
        self.state.write("sample.json", said | {"wanted": wanted})
        return wanted and not said["is_loaded"]

    def _sample_data_ended(self, code: int) -> None:
        if code == 0:
            self.state.write("sample.json", {"wanted": True, "is_loaded": True})
            return
        say(paint("The sample data could not be loaded; ./manage.py sample load tries again.", "yellow"))


def first_steps(state: State, env: dict[str, str]) -> dict[str, Any]:
    """Migrate, collect the static files where they changed, make the owner; who that is.

    Raises Refusal where a server of the environment cannot be used, or with the last words of what failed.
    """
    step("Preparing the database …")
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(state.log("first-steps"))
        collected = _static_fingerprint()
        is_collected = (state.read("static.json") or {}).get("collected") == collected
        arguments = [] if is_collected else ["--collect-static"]
        command = [str(venv_python()), "-m", "launcher.first_steps", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log, text=True, check=False)
    if done.returncode != 0:
        raise Refusal(_last_words(state))
    told = json.loads(done.stdout)
    if "refused" in told:
        raise Refusal(told["refused"])
    state.write("static.json", {"collected": collected})
    remember_migrated(state)
    owner: dict[str, Any] = told["owner"]
    return owner


def _static_fingerprint() -> str:
    """Changes with our static files, what was built of them, and the packages that bring their own."""
    files = (path for path in (ROOT / "static").rglob("*") if path.is_file())
    return built.fingerprint([*files, ROOT / "requirements" / "run.txt", ROOT / "config" / "settings.py"])


def _last_words(state: State) -> str:
    path = state.folder / "logs" / "first-steps.log"
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    # a traceback ends in `package.module.SomeError: what happened`
    reason = lines[-1].split(": ", 1)[-1] if lines else "it said nothing"
    return f"The database could not be prepared: {reason} (all of it is in {path})"


def _answers(chosen: Configuration) -> bool:
    """Whether the sign-in page is there. Not /healthz, which is right to complain while no worker runs yet."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.bind, chosen.bind)  # noqa: S104 - asked, not opened
    connection = http.client.HTTPConnection(host, chosen.port, timeout=5)
    try:
        connection.request("GET", "/accounts/login/", headers={"Host": urlsplit(chosen.url).netloc})
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
