"""The project's Python environment: made once, checked in a moment, and then offline."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from launcher.checkout import ROOT, venv, venv_python
from launcher.refusal import Refusal, disk_full, in_plain_words
from launcher.terminal import step

# what `run` needs; what the tests and the linters need as well
RUN, DEV = "run", "dev"


def ensure(wanted: str = RUN) -> None:
    """Make the environment hold exactly the packages of requirements/`wanted`.txt, by their hashes.

    Does nothing, and asks no network, when it does already. One that has the developers' packages keeps them.
    Raises Refusal in one sentence where a tool is missing or the packages cannot be had.
    """
    if os.environ.get("ENVOL_VENV"):
        if not venv_python().exists():
            raise Refusal(f"ENVOL_VENV names {venv()}, and there is no bin/python in it.")
        return
    if _is_ready(wanted):
        return
    if "musl" in str(sysconfig.get_config_var("SOABI")):
        raise Refusal("This Python is built on musl (Alpine), for which there is no embedded PostgreSQL: use Debian.")
    with one_at_a_time():
        if _is_ready(wanted):
            return
        kept = DEV if wanted == DEV or (_stamp() or {}).get("set") == DEV else RUN
        with in_plain_words(venv()):
            _install(kept)
            stamp = {"set": kept, "hash": _fingerprint(kept), "python": sys.version}
            _stamp_file().write_text(json.dumps(stamp))


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two commands in one checkout must not both install or build."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step("Waiting for another command that prepares this checkout …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _stamp_file() -> Path:
    return venv() / "envol.json"


def _stamp() -> dict[str, str] | None:
    try:
        found: dict[str, str] = json.loads(_stamp_file().read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found


def _requirements(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def _fingerprint(name: str) -> str:
    return hashlib.sha256(_requirements(name).read_bytes()).hexdigest()


def _is_ready(wanted: str) -> bool:
    stamp = _stamp()
    if stamp is None or not venv_python().exists():
        return False
    kept = stamp["set"]
    # a checkout that moved, or an interpreter that was taken away, leaves an environment that cannot run
    return (kept in (wanted, DEV)) and stamp["hash"] == _fingerprint(kept) and stamp["python"] == sys.version


def _install(name: str) -> None:
    step("Installing the Python packages (the first time needs the network) …")
    env, requirements = _quiet_environment(), _requirements(name)
    uv = shutil.which("uv", path=f"{os.environ.get('PATH', '')}:{Path.home() / '.local/bin'}")
    if not _has_this_python():
        _make_environment(uv, env)
    uv = uv or _fetch_uv(env)
    if uv:
        sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(venv_python()), str(requirements)]
        if _try(sync, env) is None:
            return
        # uv reads no pip.conf: where packages come from a mirror named there, pip still gets them
        step("uv could not get the packages; trying pip …")
    _call([*_pip(env), "install", "--quiet", "--require-hashes", "-r", str(requirements)], env)


def _has_this_python() -> bool:
    """Whether the environment was made by this interpreter, or one of the same version in the same place."""
    asked = "import sys; print(sys.version)"
    try:
        told = subprocess.run([venv_python(), "-c", asked], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return told.stdout.strip() == sys.version.strip()


def _make_environment(uv: str | None, env: dict[str, str]) -> None:
    shutil.rmtree(venv(), ignore_errors=True)
    if uv:
        _call([uv, "venv", "--quiet", "--python", sys.executable, str(venv())], env)
        return
    _require_pip(env)
    without_pip = [] if importlib.util.find_spec("ensurepip") else ["--without-pip"]
    _call([sys.executable, "-m", "venv", *without_pip, str(venv())], env)


def _pip(env: dict[str, str]) -> list[str]:
    """The command line of a pip that installs into the environment: its own, or the system's."""
    own = [str(venv_python()), "-m", "pip"]
    if _try([*own, "--version"], env) is None:
        return own
    if importlib.util.find_spec("ensurepip") and _try([str(venv_python()), "-m", "ensurepip"], env) is None:
        return own
    return [sys.executable, "-m", "pip", "--python", str(venv_python())]


def _fetch_uv(env: dict[str, str]) -> str | None:
    """uv, installed into the environment; None where it is not to be had, and pip does its work."""
    program = venv() / "bin" / "uv"
    if not program.exists():
        _try([*_pip(env), "install", "--quiet", "--require-hashes", "-r", str(_requirements("uv"))], env)
    return str(program) if program.exists() else None


def _require_pip(env: dict[str, str]) -> None:
    """Debian and Ubuntu ship Python without pip and venv: root gets the missing package, others the sentence."""
    if importlib.util.find_spec("ensurepip") or importlib.util.find_spec("pip"):
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    apt = shutil.which("apt-get")
    if os.geteuid() == 0 and apt:
        step(f"Installing {package} …")
        _try([apt, "update", "-qq"], env)
        if _try([apt, "install", "-y", "-qq", package], env | {"DEBIAN_FRONTEND": "noninteractive"}) is None:
            importlib.invalidate_caches()
            return
    raise Refusal(
        f"Python has neither pip nor venv: install them (sudo apt-get install {package}) or uv, and run again."
    )


def _quiet_environment() -> dict[str, str]:
    ours = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
    # an activated environment must not become the target of the installers
    kept = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")
    }
    return {"UV_NATIVE_TLS": "1"} | kept | ours


def _try(command: list[str], env: dict[str, str]) -> str | None:
    """Run an installer; None when it worked, else what it said."""
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return None
    told = done.stdout.decode(errors="replace")
    if "No space left on device" in told:
        raise disk_full(venv())
    return told


def _call(command: list[str], env: dict[str, str]) -> None:
    told = _try(command, env)
    if told is not None:
        tail = " ".join(told.split())[-400:]
        raise Refusal(f"The Python packages could not be installed ({Path(command[0]).name}: {tail})")
