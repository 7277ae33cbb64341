"""What processes that share one run of the tests (pytest-xdist) must not share: a Redis database and a state folder."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit


def take_a_share() -> None:
    """Give this process its own of both; a process started by a test finds them in its environment and keeps them.

    The n-th process takes the n-th Redis database after the one that was given.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker or os.environ.get("ENVOL_TEST_SHARE") == worker:
        return
    given = urlsplit(os.environ["REDIS_URL"])
    number = int(given.path.strip("/") or 0) + int(worker.removeprefix("gw"))
    shared = Path(os.environ["ENVOL_STATE"])
    own = shared / worker
    (own / "static").mkdir(parents=True, exist_ok=True)
    if (shared / "keys.json").exists():
        shutil.copy2(shared / "keys.json", own)
    os.environ |= {
        "ENVOL_STATE": str(own),
        "ENVOL_TEST_SHARE": worker,
        "REDIS_URL": given._replace(path=f"/{number}").geturl(),
    }
