"""Which operating-system account runs the embedded servers. PostgreSQL refuses root, so root lends them another one."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher.refusal import Refusal


@dataclass(frozen=True)
class Account:
    """An unprivileged account to run servers under; nothing is ever added to or changed in the account database."""

    name: str
    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        """Whether this account can pass through `folder`; the kernel is asked, so every kind of permission counts."""
        probe = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)]
        asked = subprocess.run(probe, user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False)
        return asked.returncode == 0

    def own(self, folder: Path) -> None:
        """Make `folder` private to this account."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)


def servers_account(data: Path | None = None) -> Account | None:
    """The account for the servers; None where the caller is not root and simply runs them.

    An existing data folder keeps its owner. Else `postgres`, the person behind sudo, or `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if data is not None and data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError as error:
            raise Refusal(f"{data} belongs to user number {owner}, which has no account on this machine.") from error
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", os.environ.get("SUDO_USER", ""), "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Refusal(
        "PostgreSQL does not run as root and there is no account to lend it: add one, or run as a normal user."
    )
