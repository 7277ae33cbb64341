"""The HTTP lane: a provider's API through django-anymail, one call a person, on one kept-alive session.

The backend is built with the account's own arguments, never from global settings, so that several accounts of one
provider live side by side. Doubt runs from the moment the request may have been read whole to its status.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib import import_module
from typing import Any

import requests
import structlog
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailMessage
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from delivery.capabilities import Kind, kind_of, lease_of
from delivery.classify import is_about_us, refusal_reason
from delivery.copies import OneCopy
from delivery.lanes.contract import Await, CannotPrepare, Halt, LaneClosed, Result
from delivery.lanes.errand import Errands, Late
from delivery.models import Provider
from delivery.reasons import Reason
from delivery.skeleton import CannotFill, ContentRefused, Parts, skeleton_for
from delivery.verdicts import Phase, Verdict

log = structlog.get_logger(__name__)

LATER = frozenset({408, 425, 429})
DOUBT = frozenset({500, 502, 504})
# Statuses of one recipient in django-anymail's words.
TAKEN = frozenset({"sent", "queued"})
_NO_LIMIT = 1_000_000


def backend_of(provider: Provider) -> Any:
    """A django-anymail backend for this account. Raises LaneClosed when something is missing."""
    kind = kind_of(provider.kind)
    values = {**provider.options, **provider.credentials}
    names = {one.name for one in kind.fields} | {"api_url"}  # an address of its own may be set by hand: a proxy
    arguments = {name: values[name] for name in names if values.get(name) not in (None, "")}
    if kind.name == "amazon_ses":
        arguments = {"session_params": arguments | {}, **_configuration_set(arguments)}
    try:
        backend = import_module(f"anymail.backends.{kind.name}").EmailBackend
        return backend(fail_silently=False, **arguments, **({} if kind.needs else _timeout(kind, provider)))
    except (ImportError, ImproperlyConfigured) as error:
        raise LaneClosed(Halt.PAUSE, str(error).strip()) from error


def _configuration_set(arguments: dict[str, Any]) -> dict[str, Any]:
    name = arguments.pop("configuration_set_name", None)
    return {"configuration_set_name": name} if name else {}


def _timeout(kind: Kind, provider: Provider) -> dict[str, float]:
    """No wait may be longer than the lease."""
    return {"timeout": min(kind.timeout, lease_of(provider.kind) * 2 / 3).total_seconds()}


@dataclass(frozen=True, slots=True)
class Call:
    """One prepared call, and its number for the idempotency key."""

    message_id: int
    mail: AnymailMessage


class AnymailLane:
    """See lanes.contract.Lane."""

    def __init__(self, provider: Provider) -> None:
        self.kind = kind_of(provider.kind)
        self.lease = lease_of(provider.kind)
        self._provider = provider
        self._backend: Any = None
        self._errands = Errands()
        # Longer than the call's own timeouts, shorter than the lease: for a server that answers drop by drop.
        self._patience = (self.lease * 5 / 6).total_seconds()

    @property
    def room(self) -> int:
        return _NO_LIMIT

    def prepare(self, message: OneCopy) -> Call:
        if message.content_id is None:
            raise CannotPrepare(Reason.CANNOT_RENDER, "no content was chosen for this message")
        try:
            parts = skeleton_for(message.content_id).fill_parts(message)
        except CannotFill as error:
            raise CannotPrepare(Reason.CANNOT_RENDER, str(error)) from error
        except ContentRefused as error:
            raise LaneClosed(Halt.PAUSE, str(error)) from error
        if not parts.to.isascii():
            raise CannotPrepare(Reason.SMTPUTF8_NEEDED, "this provider takes ASCII addresses only")
        return Call(message.pk, self._mail(parts, message.pk))

    def _mail(self, parts: Parts, message_id: int) -> AnymailMessage:
        mail = AnymailMessage(
            subject=parts.subject,
            body=parts.text,
            from_email=parts.sender,
            to=[parts.to],
            reply_to=[parts.reply_to] if parts.reply_to else None,
            headers=dict(parts.headers),
        )
        mail.attach_alternative(parts.html, "text/html")
        if self.kind.has_metadata:
            mail.metadata = {"envol_id": parts.opaque_id}  # opaque: several providers print it into headers
        else:
            mail.extra_headers["X-Envol-ID"] = parts.opaque_id
        if self.kind.has_tracking_switch:
            mail.track_opens = mail.track_clicks = False  # ours decides, by the person's consent
        if self.kind.idempotency_field:
            mail.extra_headers[self.kind.idempotency_field] = f"envol-{message_id}"
        return mail

    def ready(self) -> None:
        if self._backend is None:
            backend = backend_of(self._provider)
            try:
                backend.open()
            except (requests.RequestException, AnymailError) as error:
                raise LaneClosed(Halt.REST, str(error)) from error
            self._backend = backend

    def send(self, window: Sequence[Call], *, may_begin: Callable[[], bool]) -> Iterator[Result | Await]:
        """A call a person. It runs beside, so that the other lanes of this thread go on meanwhile."""
        for index, call in enumerate(window):
            if not may_begin():
                return
            result = None
            try:
                for result in self._errands.run(partial(self._one, index, call), patience=self._patience):
                    yield result
            except Late:
                yield Result(index, Verdict.UNKNOWN, Reason.REPLY_LOST, Phase.FINAL, reply="no answer in time")
                self._start_anew()
                return
            if isinstance(result, Result) and result.halt is not None:
                return

    def _start_anew(self) -> None:
        """The session is still in the hands of a call that is late: leave both behind."""
        self._errands.close()
        self._errands, self._backend = Errands(), None

    def _one(self, index: int, call: Call) -> Result:
        self._set_idempotency_header(call)
        try:
            self._backend.send_messages([call.mail])
        except (AnymailUnsupportedFeature, AnymailInvalidAddress, AnymailSerializationError) as error:
            return Result(index, Verdict.SKIPPED, Reason.CANNOT_RENDER, reply=str(error))
        except AnymailRecipientsRefused as error:
            return Result(index, Verdict.REFUSED, _refused_by_status(call.mail), Phase.FINAL, reply=_words(error))
        except AnymailAPIError as error:
            return self._failed(index, error)
        except requests.RequestException as error:
            return _cut(index, error)
        except Exception as error:  # an answer django-anymail cannot read: the request may well have been taken
            log.exception("answer_unreadable", kind=self.kind.name)
            return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, reply=_words(error))
        return self._answered(index, call.mail)

    def _set_idempotency_header(self, call: Call) -> None:
        session = getattr(self._backend, "session", None)
        if self.kind.idempotency_header and session is not None:
            session.headers[self.kind.idempotency_header] = f"envol-{call.message_id}"

    @staticmethod
    def _answered(index: int, mail: AnymailMessage) -> Result:
        statuses = set(mail.anymail_status.status or ())
        if statuses and statuses <= TAKEN:
            return Result(index, Verdict.ACCEPTED, phase=Phase.FINAL, code=200)
        if statuses & {"rejected", "invalid", "failed"}:
            return Result(index, Verdict.REFUSED, _refused_by_status(mail), Phase.FINAL, reply=", ".join(statuses))
        return Result(index, Verdict.ACCEPTED, phase=Phase.FINAL, code=200)

    def _failed(self, index: int, error: AnymailAPIError) -> Result:
        status = error.status_code
        if status is None:
            return _cut(index, error)
        words = _words(error)
        if status in DOUBT or (status == 503 and not self.kind.is_503_deferred):
            return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, status, words)
        if status in LATER or status >= 500:
            return Result(
                index,
                Verdict.DEFERRED,
                phase=Phase.FINAL,
                code=status,
                reply=words,
                retry_after=retry_after(error.response),
            )
        if 200 <= status < 300:  # taken, and the answer makes no sense
            return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, status, words)
        if status in (401, 402, 403) or is_about_us(None, words):
            return Result(index, Verdict.NOT_BEGUN, phase=Phase.FINAL, code=status, reply=words, halt=Halt.PAUSE)
        reason = Reason.REFUSED_SIZE if status == 413 else refusal_reason(None, words)
        return Result(index, Verdict.REFUSED, reason, Phase.FINAL, status, words)

    def close(self) -> None:
        self._errands.close()
        if self._backend is not None:
            self._backend.close()
            self._backend = None


def _refused_by_status(mail: AnymailMessage) -> Reason:
    statuses = set(mail.anymail_status.status or ())
    return Reason.REFUSED_ADDRESS if statuses == {"invalid"} else Reason.REFUSED_POLICY


def _cut(index: int, error: Exception) -> Result:
    """No status came. Only what failed before the request was on the wire is certain."""
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return Result(index, Verdict.NOT_BEGUN, phase=Phase.CONNECT, reply=_words(error))
    return Result(index, Verdict.UNKNOWN, Reason.REPLY_LOST, Phase.FINAL, reply=_words(error))


def _never_connected(error: BaseException) -> bool:
    """Look through the wrapping of anymail, requests and urllib3 for a connection that never came about."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if type(one).__name__ in (
            "NewConnectionError",
            "NameResolutionError",
            "ConnectTimeoutError",
            "SSLCertVerificationError",
        ):
            return True
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        waiting += [argument for argument in one.args if isinstance(argument, BaseException)]
    return False


def _words(error: BaseException) -> str:
    """The provider's own words where there are any."""
    response = getattr(error, "response", None)
    text = getattr(response, "text", "") or ""
    return (text or str(error)).strip()[:1000]


def retry_after(response: Any) -> timedelta | None:
    """The Retry-After header (RFC 9110 10.2.3), seconds or a date; at most a day."""
    value = (getattr(response, "headers", None) or {}).get("Retry-After", "")
    try:
        wait = timedelta(seconds=int(value)) if value.isdigit() else parsedate_to_datetime(value) - timezone.now()
    except (TypeError, ValueError):
        return None
    return min(max(wait, timedelta(0)), timedelta(days=1))
