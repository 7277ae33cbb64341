"""Trying an account without sending: connection, encryption, login."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests
from anymail.exceptions import AnymailError
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.translation import gettext as _

from delivery.capabilities import AMAZON_SES, kind_of, lease_of
from delivery.lanes import answers
from delivery.lanes.backends import backend_of, login_of
from delivery.lanes.contract import Halt, LaneClosed
from delivery.lanes.pipelining.session import NoSession, Session
from delivery.lanes.smtp import halt_of, server_of
from delivery.models import Provider


@dataclass(frozen=True, slots=True)
class Probed:
    words: str
    has_logged_in: bool | None


def probe(provider: Provider) -> Probed:
    """Raises LaneClosed with the server's words."""
    return _probe_smtp(provider) if kind_of(provider.kind).is_smtp else _probe_api(provider)


def _probe_smtp(provider: Provider) -> Probed:
    server = server_of(provider, patience=min(lease_of(provider.kind), lease_of("smtp")) / 45)  # 20 s: somebody waits
    try:
        session = Session(server)
    except NoSession as error:
        raise LaneClosed(halt_of(error), error.words) from error
    offers = [
        name
        for name, has in (
            ("PIPELINING", session.features.has_pipelining),
            ("CHUNKING", session.features.has_chunking),
            ("SMTPUTF8", session.features.has_smtputf8),
        )
        if has
    ]
    session.quit()
    return Probed(
        words=_("The server offers %(what)s.") % {"what": ", ".join(offers)} if offers else "",
        has_logged_in=True if server.username else None,
    )


def _probe_api(provider: Provider) -> Probed:
    """Ask the API something harmless with the account's own login; where it has nothing to ask, only connect."""
    kind = kind_of(provider.kind)
    backend = backend_of(provider)
    if kind.name == AMAZON_SES:
        return _probe_amazon(backend)
    path = kind.probe.format(**provider.options) if kind.probe else ""
    try:
        backend.open()
        response = backend.session.request(
            "GET",
            urljoin(backend.api_url, path),
            timeout=20,
            allow_redirects=False,
            **login_of(backend),
        )
    except (requests.RequestException, AnymailError) as error:
        raise LaneClosed(Halt.REST, str(error)) from error
    finally:
        backend.close()
    if response.status_code in (401, 403):
        raise LaneClosed(Halt.PAUSE, response.text.strip()[:500] or f"HTTP {response.status_code}")
    if path and response.status_code >= 500:
        raise LaneClosed(Halt.REST, f"HTTP {response.status_code}")
    return Probed(words="", has_logged_in=True if path and response.status_code < 400 else None)


def _probe_amazon(backend: Any) -> Probed:
    """Ask for the account's state; a key that may send and nothing else has logged in, too."""
    try:
        backend.open()
        told = backend.client.get_account()
    except (BotoCoreError, ClientError) as error:
        status, _headers = answers.status_of(error)
        words = answers.words_of(error)
        if words.startswith("AccessDenied"):
            return Probed(words="", has_logged_in=True)
        raise LaneClosed(Halt.PAUSE if status in (400, 401, 403, 404) else Halt.REST, words) from error
    finally:
        backend.close()
    if not told.get("SendingEnabled", True):
        raise LaneClosed(Halt.PAUSE, _("Amazon has switched off sending for this account."))
    if not told.get("ProductionAccessEnabled", True):
        words = _("The account is in the sandbox: it writes to verified addresses only.")
        return Probed(words=words, has_logged_in=True)
    quota = told.get("SendQuota", {})
    words = _("%(day)d messages a day are allowed, %(second)d a second.") % {
        "day": quota.get("Max24HourSend", 0),
        "second": quota.get("MaxSendRate", 0),
    }
    return Probed(words=words if quota else "", has_logged_in=True)
