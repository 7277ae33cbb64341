"""Compiled translations, made with Babel so that no system tool is needed."""

import subprocess

from launcher import built
from launcher.checkout import ROOT, venv_python
from launcher.environment import one_at_a_time
from launcher.refusal import Refusal
from launcher.terminal import step


def compile_changed() -> None:
    """Compile the message files where any changed since the last time."""
    sources = sorted((ROOT / "locale").glob("*/*/LC_MESSAGES/*.po"))
    digest = built.fingerprint(sources)
    if built.is_current("messages", digest) and all(path.with_suffix(".mo").exists() for path in sources):
        return
    with one_at_a_time():
        step("Compiling the translations …")
        command = [str(venv_python()), "tools/messages.py", "compile"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Refusal(f"The translations could not be compiled: {done.stderr.strip() or done.stdout.strip()}")
        built.remember("messages", digest)
