"""The state folder: everything an installation keeps, and the account its servers run under.

lock          who starts and stops the servers; `users` is shared by those who only join them
keys.json     the installation's key rings: a backup without them is none
embedded.json passwords of the embedded servers
servers.json  the environment of what is running now
bin/ pg18/ redis/ logs/ files/ test/
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from launcher.accounts import Account, servers_account
from launcher.checkout import ROOT
from launcher.configuration import given_servers
from launcher.refusal import Refusal, in_plain_words

# what `reset` deletes; the tests' servers and the copied programs stay
KEPT = (
    *("keys.json", "embedded.json", "sample.json", "migrated.json", "static.json", "users", "servers.json", "beat"),
    *("pg18", "redis", "run", "logs", "files", "static"),
)

NEEDED_BYTES = 300 * 1024 * 1024


@dataclass(frozen=True)
class State:
    """A state folder that exists, and the account its servers run under (None: the caller)."""

    folder: Path
    account: Account | None

    def read(self, name: str) -> dict[str, Any] | None:
        """The JSON object in file `name`; None where there is none."""
        path = self.folder / name
        try:
            found: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise Refusal(f"{path} belongs to another account: run this as the account that started Envol.") from error
        except ValueError as error:
            raise Refusal(f"{path} cannot be read as JSON: put back a sound copy of it.") from error
        return found

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace file `name`, private to the caller, in one move: a full disk leaves the old one."""
        path = self.folder / name
        with in_plain_words(path):
            fresh = path.with_name(f"{name}.new")
            with open_private(fresh, "w") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)

    def room(self, name: str) -> Path:
        """A private folder of the servers' account."""
        folder = self.folder / name
        with in_plain_words(folder):
            if self.account:
                self.account.own(folder)
            else:
                folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def log(self, name: str) -> IO[str]:
        """The log file of an embedded server, opened to append; one long past is put aside first."""
        path = self.folder / "logs" / f"{name}.log"
        with in_plain_words(path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if path.exists() and path.stat().st_size > 10_000_000:
                path.replace(path.with_suffix(".old.log"))
            return open_private(path, "a")


def open_private(path: Path, mode: str) -> IO[str]:
    """Open a file that, when it is made now, nobody but the caller reads."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o600))


def open_state(sub: str = "") -> State:
    """Choose and make the state folder, or folder `sub` of it with servers of its own (the tests').

    ENVOL_STATE where given, and then the servers' account must reach it. Else `.envol` in the checkout, or where that
    account cannot reach the checkout (root's home), a folder below /var/lib/envol.
    """
    wanted = os.environ.get("ENVOL_STATE")
    folder = Path(wanted).expanduser().absolute() if wanted else ROOT / ".envol"
    # nobody needs lending an account to where both servers are somebody else's
    account = servers_account(folder / sub / "pg18") if sub or len(given_servers()) < 2 else None
    if account and not account.reaches(_nearest(folder)):
        if wanted:
            raise Refusal(
                f"The servers run as {account.name}, who cannot reach {folder}: choose another ENVOL_STATE, "
                f"for instance /var/lib/envol."
            )
        folder = Path("/var/lib/envol") / f"{ROOT.name}-{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"
    folder = folder / sub
    with in_plain_words(folder):
        _make(folder, 0o711 if account else 0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Refusal(f"{folder} belongs to another account: run as that one, or choose another folder in ENVOL_STATE.")
    return State(folder, account)


def _make(folder: Path, mode: int) -> None:
    """Make `folder` and what is missing above it; folders that exist keep their mode.

    The servers' account passes through; what is private lies in files of mode 0600 and folders of mode 0700.
    """
    if not folder.exists():
        _make(folder.parent, mode)
        folder.mkdir()
        folder.chmod(mode)


def _nearest(folder: Path) -> Path:
    """The deepest existing folder on the way to `folder`."""
    while not folder.exists():
        folder = folder.parent
    return folder


def is_migrated(state: State) -> bool:
    """Whether the embedded database has tables at all; `run` brings them up to date each time."""
    return state.read("migrated.json") is not None


def remember_migrated(state: State) -> None:
    state.write("migrated.json", {"is_migrated": True})


def check_room(state: State) -> None:
    """Raises Refusal where so little disk is left that a database would soon stop in the middle of something."""
    status = os.statvfs(state.folder)
    free = status.f_bavail * status.f_frsize
    if free < NEEDED_BYTES:
        raise Refusal(f"Only {free // 1_000_000} MB are free where {state.folder} is: Envol needs 300 MB at least.")
