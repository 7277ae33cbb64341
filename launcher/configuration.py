"""What a person chose in the environment for `run`, checked before anything starts."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from launcher import ports
from launcher.refusal import Refusal

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Configuration:
    """Addresses and ports; `sample` is None where nothing was said about sample data."""

    bind: str
    port: int
    url: str
    catcher_port: int
    sample: bool | None

    @property
    def env(self) -> dict[str, str]:
        """What the processes and the commands that join them must agree on."""
        return {
            "ENVOL_BIND": self.bind,
            "PORT": str(self.port),
            "ENVOL_URL": self.url,
            "ENVOL_CATCHER_PORT": str(self.catcher_port),
        }

    @property
    def is_local_only(self) -> bool:
        return self.bind in LOOPBACK


def from_environment() -> Configuration:
    """Read and check; raises Refusal naming the variable that makes no sense."""
    port = ports.number(os.environ.get("PORT") or "8000", "PORT")
    sample = os.environ.get("SAMPLE")
    if sample not in (None, "", "0", "1"):
        raise Refusal(f"SAMPLE must be 1 or 0, not “{sample}”.")
    return Configuration(
        bind=os.environ.get("ENVOL_BIND") or "127.0.0.1",
        port=port,
        url=_checked_url(os.environ.get("ENVOL_URL") or f"http://localhost:{port}"),
        catcher_port=ports.number(os.environ.get("ENVOL_CATCHER_PORT") or "2525", "ENVOL_CATCHER_PORT"),
        sample=sample == "1" if sample else None,
    )


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or parts.path.rstrip("/") or parts.query or parts.fragment:
        raise Refusal(f"ENVOL_URL must look like https://envol.example.com, without a path, not “{url}”.")
    return url.rstrip("/")


def given_servers() -> dict[str, str]:
    """The servers that the environment names, by variable."""
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
