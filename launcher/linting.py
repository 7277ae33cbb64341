"""`./envol lint`: every rule a machine can hold, and all of what is wrong in one go."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from launcher import environment, keys
from launcher.checkout import ROOT, venv, venv_python
from launcher.state import State
from launcher.terminal import complain, say, step


def _checks() -> list[tuple[str, list[str]]]:
    """Each check's name and command line."""
    tools = venv() / "bin"
    pages = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "templates").rglob("*.html"))]
    return [
        ("ruff, rules", [str(tools / "ruff"), "check", "--quiet", ".", "envol"]),
        ("ruff, layout", [str(tools / "ruff"), "format", "--check", "--quiet", ".", "envol"]),
        ("mypy, types", [str(tools / "mypy"), "."]),
        ("import-linter, floors", [str(tools / "lint-imports")]),
        ("djade, templates", [str(tools / "djade"), "--check", "--target-version", "5.2", *pages]),
        ("messages, translations", [str(venv_python()), "tools/messages.py", "check"]),
    ]


def run() -> int:
    """Run every check; 0 when all pass, else 1 after the words of those that do not."""
    environment.ensure(environment.DEV)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        # reading the settings takes keys; these open nothing
        state = State(Path(folder), None)
        keys.ensure(state)
        env = os.environ | {"ENVOL_KEYS": json.dumps(state.read(keys.FILE))}
        for name, command in _checks():
            step(name)
            done = subprocess.run(
                command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            if done.returncode != 0:
                say(done.stdout.rstrip())
                failed.append(name)
    if failed:
        complain(f"Not passed: {'; '.join(failed)}.")
        return 1
    say("All checks passed.")
    return 0
