"""`./envol requirements`: pin the packages of pyproject.toml, by hash and without any address."""

import shutil
import subprocess

from launcher import environment
from launcher.checkout import ROOT, venv
from launcher.refusal import Refusal
from launcher.terminal import say

# what `run` needs, and then the same versions with the developers' tools beside them
_SETS = (("run", ("embedded",), None), ("dev", ("embedded", "dev"), "run"))


def run(arguments: list[str]) -> int:
    """Write requirements/run.txt and dev.txt; `arguments` go to uv, for instance --upgrade."""
    environment.ensure(environment.DEV)
    uv = shutil.which("uv") or shutil.which("uv", path=str(venv() / "bin"))
    if uv is None:
        raise Refusal("Pinning the packages needs uv: install it and run again.")
    for name, groups, constraint in _SETS:
        target = f"requirements/{name}.txt"
        command = [uv, "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header"]
        command += [f"--group={group}" for group in groups]
        command += ["--constraint", f"requirements/{constraint}.txt"] if constraint else []
        if subprocess.run([*command, "--output-file", target, *arguments], cwd=ROOT, check=False).returncode != 0:
            raise Refusal(f"{target} could not be written: uv said why above.")
    say("requirements/run.txt and requirements/dev.txt are written.")
    return 0
