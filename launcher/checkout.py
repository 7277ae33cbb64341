"""Where things are in this checkout."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def venv() -> Path:
    """The project's Python environment. One given in ENVOL_VENV is used as it is and never written to."""
    return Path(os.environ.get("ENVOL_VENV") or ROOT / ".venv").absolute()


def venv_python() -> Path:
    return venv() / "bin" / "python"


def site_packages() -> Path:
    """Where the environment keeps its packages; there is one such folder in an environment."""
    return next((venv() / "lib").glob("python3*/site-packages"), venv() / "lib" / "site-packages")
