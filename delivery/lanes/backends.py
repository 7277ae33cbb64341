"""Backends of django-anymail, built with one account's own arguments, never from global settings.

Several accounts of one provider live side by side, and no wait is longer than the lease.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urljoin, urlsplit

import botocore.loaders
import botocore.session
from anymail.message import AnymailMessage
from django.core.exceptions import ImproperlyConfigured

from delivery.capabilities import AMAZON_SES, Kind, kind_of, lease_of
from delivery.lanes.contract import Halt, LaneClosed
from delivery.models import Provider


def backend_of(provider: Provider) -> Any:
    """A django-anymail backend for this account. Raises LaneClosed when something is missing."""
    kind = kind_of(provider.kind)
    values = {**provider.options, **provider.credentials}
    names = {one.name for one in kind.fields} | {"api_url"}  # an address of its own may be set by hand: a proxy
    given = {name: values[name] for name in names if values.get(name) not in (None, "")}
    arguments = _amazon(given, kind, provider) if kind.name == AMAZON_SES else given | {"timeout": wait(kind, provider)}
    try:
        backend = import_module(f"anymail.backends.{kind.name}").EmailBackend
        return backend(fail_silently=False, **arguments)
    except (ImportError, ImproperlyConfigured) as error:
        raise LaneClosed(Halt.PAUSE, str(error).strip()) from error


def wait(kind: Kind, provider: Provider) -> float:
    """Seconds for one answer."""
    return min(kind.timeout, lease_of(provider.kind) * 2 / 3).total_seconds()


def _amazon(given: dict[str, Any], kind: Kind, provider: Provider) -> dict[str, Any]:
    """boto3 repeats a call by itself after a 500 or a lost answer: a second mail. Here it tries once."""
    given = dict(given)
    address, configuration_set = given.pop("api_url", None), given.pop("configuration_set_name", None)
    config = {
        "connect_timeout": wait(kind, provider),
        "read_timeout": wait(kind, provider),
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "ignore_configured_endpoint_urls": True,
    }
    client = {"config": config, **({"endpoint_url": address} if address else {})}
    chosen = {"configuration_set_name": configuration_set} if configuration_set else {}
    return {"session_params": given | {"botocore_session": _session()}, "client_params": client, **chosen}


def _session() -> Any:
    """One of its own for each account; the service's description, half a second to read, is shared by the process."""
    session = botocore.session.Session()
    session.register_component("data_loader", _descriptions())
    return session


@cache
def _descriptions() -> Any:
    return botocore.loaders.create_loader()


def login_of(backend: Any) -> dict[str, Any]:
    """How this backend logs in: `headers` and `auth` of a message it would send, of which nothing is sent."""
    mail = AnymailMessage("-", "-", "a@example.com", ["b@example.com"])
    payload = backend.build_message_payload(mail, {})
    params: dict[str, Any] = payload.get_request_params(backend.api_url)
    return {"headers": params.get("headers"), "auth": params.get("auth")}


class Api:
    """Questions to an account's API, with the account's own login; a context manager. Not for Amazon SES."""

    def __init__(self, provider: Provider, *, patience: float = 60) -> None:
        """`patience`: seconds for one answer, when the account's kind allows as much. Raises LaneClosed when something
        is missing."""
        self._backend = backend_of(provider)
        self._backend.timeout = min(patience, self._backend.timeout)
        self._backend.open()
        self._login = login_of(self._backend)

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.close()

    def ask(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at `path`, or at a whole address of the same host. Raises requests.RequestException, ValueError."""
        base = self._backend.api_url
        url = urljoin(base, path)
        if urlsplit(url)[:2] != urlsplit(base)[:2]:  # what an answer names must not get the login elsewhere
            raise ValueError("an address of another host")
        answer = self._backend.session.get(
            url, params=params, timeout=self._backend.timeout, allow_redirects=False, **self._login
        )
        answer.raise_for_status()
        return answer.json()
