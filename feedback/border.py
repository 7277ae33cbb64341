"""The only module that speaks to django-anymail's webhook views. They are built with the keys of one provider row as
arguments, never from global settings: several accounts of one provider live side by side.

Each kind is authenticated by the secret in its address; where the provider signs, its signature as well.
"""

import base64
import binascii
import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from anymail.exceptions import AnymailAPIError, AnymailNotSupportedWarning, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from delivery.capabilities import AMAZON_SES
from feedback import sns
from feedback.refusals import Refused

# Said of a provider whose account the authors lost; its format has not changed, and the page says how far it is tested.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)
_TOLERANCE = timedelta(minutes=5)  # of a signed timestamp


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of an authenticated body that says nothing to us, kept as it came."""

    text: str
    error: str


@dataclass(frozen=True, slots=True)
class Door:
    """One kind's view, and its arguments → the names of our credentials that fill them, the first that is there.

    `needs_key`: the provider always signs, so without its key nothing is taken. Elsewhere a signature is checked as
    soon as the key is entered.
    """

    view: str
    keys: Mapping[str, tuple[str, ...]]
    needs_key: bool = False


DOORS: dict[str, Door] = {
    AMAZON_SES: Door(
        "amazon_ses.AmazonSESTrackingWebhookView", {}
    ),  # SNS signs, without a key to enter: feedback/sns.py
    "brevo": Door("brevo.BrevoTrackingWebhookView", {}),
    "mailersend": Door("mailersend.MailerSendTrackingWebhookView", {"signing_secret": ("signing_secret",)}, True),
    "mailgun": Door(
        "mailgun.MailgunTrackingWebhookView", {"webhook_signing_key": ("webhook_signing_key", "api_key")}, True
    ),
    "mailjet": Door("mailjet.MailjetTrackingWebhookView", {}),
    "mailtrap": Door("mailtrap.MailtrapTrackingWebhookView", {"tracking_secret": ("signing_secret",)}),
    "mandrill": Door("mandrill.MandrillCombinedWebhookView", {"webhook_key": ("webhook_key",)}, True),
    "postal": Door("postal.PostalTrackingWebhookView", {"webhook_key": ("webhook_key",)}, True),
    "postmark": Door("postmark.PostmarkTrackingWebhookView", {}),
    "resend": Door("resend.ResendTrackingWebhookView", {}),
    "sendgrid": Door(
        "sendgrid.SendGridTrackingWebhookView", {"tracking_webhook_verification_key": ("webhook_verification_key",)}
    ),
    "sparkpost": Door("sparkpost.SparkPostTrackingWebhookView", {}),
    "unisender_go": Door("unisender_go.UnisenderGoTrackingWebhookView", {"api_key": ("api_key",)}, True),
}
# What a view would otherwise look up in global settings.
_SILENT: dict[str, dict[str, Any]] = {
    # A person says yes to a topic; the view would, by itself, with the keys it finds in the environment.
    AMAZON_SES: {"auto_confirm_sns_subscriptions": False, "session_params": {}, "client_params": {}},
    "mailgun": {"api_key": None},
    "mailtrap": {"tracking_secret": None},
    "resend": {"signing_secret": None},  # checked here: the package the view asks for is ten lines of HMAC
    "sendgrid": {"tracking_webhook_verification_key": None},
    "sparkpost": {"track_initial_open_as_opened": False},
}


def key_name(kind: str) -> str:
    """The credential that holds the key this kind signs with; empty where it signs nothing."""
    names = DOORS[kind].keys.values()
    return next((name for group in names for name in group), "signing_secret" if kind == "resend" else "")


def verify(request: HttpRequest, *, kind: str, credentials: Mapping[str, Any]) -> None:
    """Check the provider's signature. Raises Refused (403)."""
    door = DOORS[kind]
    if door.needs_key and not _keys(door, credentials):
        raise Refused(403, _("The signing key of these webhooks is missing: enter it on the provider's page."))
    if kind == "resend" and credentials.get("signing_secret"):
        _verify_standard_webhook(request, str(credentials["signing_secret"]))
    try:
        _view(request, kind, credentials).run_validators(request)
    except AnymailWebhookValidationFailure as error:
        raise Refused(403, _("Wrong signature.")) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # a key or a body that is none
        raise Refused(403, _("The signature could not be checked.")) from error
    except AnymailAPIError as error:  # not a message of SNS at all
        raise Refused(403, _("The signature could not be checked.")) from error
    if kind == AMAZON_SES:
        sns.check(request, topic=str(credentials.get(sns.TOPIC) or ""))


def parse(
    request: HttpRequest, *, kind: str, credentials: Mapping[str, Any]
) -> Iterator[AnymailTrackingEvent | Unreadable]:
    """What a verified request tells. Where the body as a whole cannot be read, each of its events is tried alone."""
    try:
        yield from _read(request, kind, credentials)
        return
    except Exception as error:  # django-anymail indexes into strangers' words without asking
        pieces = list(_pieces(request, kind))
        if len(pieces) < 2:
            yield Unreadable(text=_text_of(request), error=_words(error))
            return
    for piece in pieces:
        try:
            yield from _read(piece, kind, credentials)
        except Exception as error:
            yield Unreadable(text=_text_of(piece), error=_words(error))


def read(body: Any, *, kind: str, credentials: Mapping[str, Any]) -> Iterator[AnymailTrackingEvent | Unreadable]:
    """What an answer of the provider's API tells, put into the shape of its webhooks."""
    request = HttpRequest()
    request.method, request.content_type = "POST", "application/json"
    yield from parse(_piece(request, json.dumps(body).encode()), kind=kind, credentials=credentials)


def _read(request: HttpRequest, kind: str, credentials: Mapping[str, Any]) -> list[AnymailTrackingEvent]:
    events = _view(request, kind, credentials).parse_events(request)
    return [event for event in events if isinstance(event, AnymailTrackingEvent)]


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _view(request: HttpRequest, kind: str, credentials: Mapping[str, Any]) -> Any:
    arguments = _SILENT.get(kind, {}) | _keys(DOORS[kind], credentials)
    if kind == "mandrill":
        arguments["webhook_url"] = settings.ENVOL_URL + request.path
    return _view_class(kind)(webhook_secret=[], **arguments)


@cache
def _view_class(kind: str) -> type[Any]:
    """The view, told that the secret in the address does the work of its basic authentication."""
    module, name = DOORS[kind].view.split(".")
    view = getattr(import_module(f"anymail.webhooks.{module}"), name)
    return type(name, (view,), {"warn_if_no_basic_auth": False})


def _keys(door: Door, credentials: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        argument: next((str(credentials[name]) for name in names if credentials.get(name)), None)
        for argument, names in door.keys.items()
    }
    return {argument: value for argument, value in found.items() if value}


def _verify_standard_webhook(request: HttpRequest, secret: str) -> None:
    """Standard Webhooks (svix): HMAC-SHA256 of id, time and body; several signatures while a key is being changed."""
    number, sent_at = request.headers.get("svix-id", ""), request.headers.get("svix-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        age = abs(timezone.now().timestamp() - int(sent_at))
    except (binascii.Error, ValueError) as error:
        raise Refused(403, _("The signature could not be checked.")) from error
    signed = f"{number}.{sent_at}.".encode() + request.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [part.removeprefix("v1,") for part in request.headers.get("svix-signature", "").split(" ")]
    if age > _TOLERANCE.total_seconds() or not any(constant_time_compare(one, expected) for one in given):
        raise Refused(403, _("Wrong signature."))


def _pieces(request: HttpRequest, kind: str) -> Iterator[HttpRequest]:
    """One request per event of a body that carries many."""
    try:
        if kind == "mandrill":
            for event in json.loads(request.POST["mandrill_events"]):
                yield _piece(request, urlencode({"mandrill_events": json.dumps([event])}).encode())
            return
        body = json.loads(request.body)
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if kind == "mailtrap" and isinstance(body, dict) and isinstance(body.get("events"), list):
        for event in body["events"]:
            yield _piece(request, json.dumps({"events": [event]}).encode())
    elif isinstance(body, list):
        for event in body:
            yield _piece(request, json.dumps([event]).encode())


def _piece(request: HttpRequest, body: bytes) -> HttpRequest:
    piece = HttpRequest()
    piece.method, piece.path, piece.META = request.method, request.path, dict(request.META)
    piece.content_type, piece.content_params = request.content_type, request.content_params
    piece.META["CONTENT_LENGTH"] = str(len(body))
    piece._body = body
    if request.content_type == "application/x-www-form-urlencoded":
        piece.POST = QueryDict(body)
    return piece


def _text_of(request: HttpRequest) -> str:
    return request.body.decode("utf-8", "replace")
