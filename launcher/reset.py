"""`./envol reset`: start over with an empty installation."""

import shutil
import sys

from launcher.configuration import given_servers
from launcher.locks import hold
from launcher.refusal import Refusal
from launcher.state import KEPT, open_state
from launcher.terminal import say


def run(*, is_confirmed: bool) -> int:
    """Delete what the installation keeps, after a question; 0 done, 1 when the answer was no.

    Only what Envol itself put into the state folder goes. Raises Refusal where it is in use, where the database is not
    the embedded one, or where nobody can answer.
    """
    if given := given_servers():
        raise Refusal(
            f"{' and '.join(given)} name servers that are not ours to empty: reset works on embedded ones only."
        )
    state = open_state()
    with hold(state, "./envol reset"):
        if not is_confirmed and not _is_answered_yes(str(state.folder)):
            say("Nothing was deleted.")
            return 1
        for name in KEPT:
            path = state.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    say("Done; ./envol run starts with an empty installation.")
    return 0


def _is_answered_yes(folder: str) -> bool:
    if not sys.stdin.isatty():
        raise Refusal("Nobody is at the terminal to confirm: add --yes to delete everything.")
    say(f"This deletes the database, the files and the keys in {folder}.")
    say("Links in mail that was already sent, unsubscribe links among them, stop working.")
    return input("Type yes to go on: ").strip().lower() == "yes"
