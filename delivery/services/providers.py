"""Accounts at providers: added, changed, tried. Secrets go in and never come out."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from delivery.alignment import forget
from delivery.capabilities import SMTP, Kind, kind_of
from delivery.failover.health import end_outages
from delivery.lanes.contract import LaneClosed
from delivery.lanes.probing import probe
from delivery.models import Provider

CATCHER_NAME = "Test inbox"


class ProviderRefused(Exception):
    """The account cannot be stored like this; `field` names the input it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class ProviderInput:
    """What somebody entered. A secret left empty keeps the one that is stored."""

    name: str
    kind: str
    values: Mapping[str, Any]
    connection_count: int = 2
    is_default: bool = False
    is_verified: bool = True  # False: an administrator trusts a certificate nobody signed


def ensure_catcher() -> Provider:
    """The account of the test inbox, made where missing; used by default until another one is."""
    found = Provider.objects.filter(is_catcher=True).first()
    if found:
        return found
    provider, _created = Provider.objects.get_or_create(
        name=CATCHER_NAME,
        defaults={
            "kind": SMTP,
            "is_catcher": True,
            "is_default": not Provider.objects.filter(is_default=True).exists(),
            "options": {"host": "127.0.0.1", "tls": "none"},
        },
    )
    return provider


@transaction.atomic
def save_provider(given: ProviderInput, *, provider: Provider | None, user: User | None) -> Provider:
    """Add an account (`provider` None) or change one. Raises ProviderRefused."""
    kind = kind_of(given.kind)
    row = provider or Provider()
    if row.is_catcher:
        raise ProviderRefused("name", _("The test inbox is part of the installation."))
    _check(given, kind, row)
    row.name, row.kind = given.name.strip(), given.kind
    row.connection_count = given.connection_count
    before = (row.kind, row.options)
    row.options = {**_kept_options(row), **_plain(given, kind)}
    row.credentials = {**row.credentials, **_secrets(given, kind)}
    row.tested_at, row.test_error = None, ""
    row.save()
    forget(row.pk, is_another=before != (row.kind, row.options))
    if given.is_default:
        set_default(row, user=user)
    audit(verb="provider.change" if provider else "provider.add", target=f"provider:{row.pk}", user=user)
    return row


@transaction.atomic
def store_secret(provider_id: int, *, name: str, value: str, user: User | None) -> None:
    """Keep one credential that no form of ours asks for (what a higher floor needs: webhook secrets, signing keys)."""
    row = Provider.objects.select_for_update(no_key=True).get(pk=provider_id)
    row.credentials = {**row.credentials, name: value}
    row.save(update_fields=["credentials"])
    audit(verb="provider.secret", target=f"provider:{provider_id}", user=user, name=name)


def _kept_options(row: Provider) -> dict[str, Any]:
    """What this form does not ask for."""
    return {name: row.options[name] for name in ("is_direct", "api_url") if name in row.options}


def _plain(given: ProviderInput, kind: Kind) -> dict[str, Any]:
    values = {one.name: given.values.get(one.name) or one.default for one in kind.fields if not one.is_secret}
    values |= {one.name: int(values[one.name]) for one in kind.fields if one.most}
    if kind.is_smtp:
        values["is_verified"] = given.is_verified
    return {name: value for name, value in values.items() if value not in (None, "")}


def _secrets(given: ProviderInput, kind: Kind) -> dict[str, Any]:
    return {one.name: given.values[one.name] for one in kind.fields if one.is_secret and given.values.get(one.name)}


def _check(given: ProviderInput, kind: Kind, row: Provider) -> None:
    if not given.name.strip():
        raise ProviderRefused("name", _("Give it a name."))
    if Provider.objects.filter(name=given.name.strip()).exclude(pk=row.pk).exists():
        raise ProviderRefused("name", _("Another provider has this name."))
    if not 1 <= given.connection_count <= 200:
        raise ProviderRefused("connection_count", _("Between 1 and 200."))
    for one in kind.fields:
        is_stored = one.is_secret and row.credentials.get(one.name)
        value = given.values.get(one.name)
        if one.is_required and not value and not one.default and not is_stored:
            raise ProviderRefused(one.name, _("This field is needed."))
        if one.choices and value and value not in dict(one.choices):
            raise ProviderRefused(one.name, _("Choose one of those offered."))
        if one.most and value and not (str(value).isdecimal() and 1 <= int(value) <= one.most):
            raise ProviderRefused(one.name, _("A whole number between 1 and %(most)s.") % {"most": one.most})
    if kind.is_smtp:
        _check_smtp(given, row)


def _check_smtp(given: ProviderInput, row: Provider) -> None:
    if not given.values.get("username"):
        return
    if given.values.get("tls") == "none" and not _is_near(str(given.values.get("host", ""))):
        raise ProviderRefused(
            "tls", _("Without encryption anybody on the way could read the password. Choose STARTTLS or TLS.")
        )
    if not given.values.get("password") and not row.credentials.get("password"):
        raise ProviderRefused("password", _("A user name needs a password."))


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"


@transaction.atomic
def set_default(provider: Provider, *, user: User | None) -> None:
    """Use this account unless another is chosen."""
    Provider.objects.filter(is_default=True).exclude(pk=provider.pk).update(is_default=False)
    Provider.objects.filter(pk=provider.pk).update(is_default=True)
    audit(verb="provider.default", target=f"provider:{provider.pk}", user=user)


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """How a try went. `words` are the server's own, in clear; `has_logged_in` None = no login was asked or possible."""

    is_good: bool
    words: str
    has_logged_in: bool | None = None


def test_connection(provider: Provider, *, at: datetime) -> ConnectionTest:
    """Connect, encrypt, log in, send nothing; the outcome is kept on the row."""
    try:
        probed = probe(provider)
        result = ConnectionTest(True, probed.words, probed.has_logged_in)
    except LaneClosed as closed:
        result = ConnectionTest(False, closed.words)
    Provider.objects.filter(pk=provider.pk).update(
        tested_at=at, test_error="" if result.is_good else result.words[:1000]
    )
    if result.is_good:
        end_outages(provider.pk, user=None, now=at, by_login=True)
    return result


test_connection.__test__ = False  # type: ignore[attr-defined]
