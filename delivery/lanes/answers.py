"""What an API's answer, or its absence, means for one message. Nothing here talks to anybody.

Doubt runs from the moment the request may have been read whole to its status.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError
from django.utils import timezone

from delivery import dialects
from delivery.capabilities import Kind
from delivery.classify import refusal_reason
from delivery.dialects import Meaning, Said, waits
from delivery.lanes.contract import Halt, Result, halt_of_meaning
from delivery.reasons import Reason
from delivery.verdicts import Phase, Verdict

DOUBT = frozenset({500, 502, 504})
_NEVER_CONNECTED = frozenset(
    {
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "ProxyConnectionError",
        "SSLCertVerificationError",
        "NoCredentialsError",
    }
)


def taken(index: int, their_id: str | None) -> Result:
    """Accepted, with the id the provider gave it."""
    return Result(index, Verdict.ACCEPTED, phase=Phase.FINAL, code=200, their_id=(their_id or "")[:400])


def of_line(index: int, kind: str, words: str, *, otherwise: Reason = Reason.REFUSED_POLICY) -> Result:
    """Not taken, says an answer that succeeded as a whole: a line of a call for several, a status of a recipient.

    `otherwise`: where it gives no reason; then it is the provider's own list of people it will not write to.
    """
    said = dialects.read(kind, None, words, {}, now=timezone.now())
    result = _result(index, said, 200, words)
    return replace(result, reason=otherwise) if result.reason == Reason.REFUSED_OTHER else result


def unreadable(index: int, words: str) -> Result:
    """Answered, but nobody can say what: it may well have been taken."""
    return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, reply=words)


def of_error(index: int, kind: Kind, error: Exception) -> Result:
    """What an exception of django-anymail, requests or boto3 says."""
    status, headers = status_of(error)
    if status is None:
        return _without_status(index, error)
    return of_status(index, kind, status, words_of(error), headers)


def of_status(index: int, kind: Kind, status: int, words: str, headers: Mapping[str, str]) -> Result:
    """What a status and the words beside it say of a message that was not simply taken (delivery/dialects)."""
    said = dialects.read(kind.name, status, words, headers, now=timezone.now())
    if said is None and (status in DOUBT or (status == 503 and not kind.is_503_deferred) or 200 <= status < 300):
        return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, status, words)
    if said is None and status >= 500:
        said = Said(Meaning.LATER, waits.of_rate(words, headers, now=timezone.now()))
    return _result(index, said, status, words)


_REASONS = {
    Meaning.ADDRESS: Reason.REFUSED_ADDRESS,
    Meaning.LISTED: Reason.REFUSED_POLICY,
    Meaning.SIZE: Reason.REFUSED_SIZE,
    Meaning.CONTENT: Reason.REFUSED_CONTENT,
}


def _result(index: int, said: Said | None, status: int, words: str) -> Result:
    meaning, wait = (said.meaning, said.wait) if said else (None, None)
    if meaning is Meaning.TAKEN_BEFORE:
        return taken(index, None)
    if meaning is Meaning.IN_PROGRESS:
        return unreadable(index, words)
    if meaning and (halt := halt_of_meaning(meaning)):  # about the account: nobody is counted for it
        return Result(
            index, Verdict.NOT_BEGUN, phase=Phase.FINAL, code=status, reply=words, halt=halt, retry_after=wait
        )
    if meaning is Meaning.LATER:
        return Result(index, Verdict.DEFERRED, phase=Phase.FINAL, code=status, reply=words, retry_after=wait)
    reason = _REASONS[meaning] if meaning else refusal_reason(None, words)
    return Result(index, Verdict.REFUSED, reason, Phase.FINAL, status, words)


def _without_status(index: int, error: Exception) -> Result:
    """Only what failed before the request was on the wire is certain."""
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        # Nobody else is tried meanwhile: each would wait for its own connection.
        return Result(index, Verdict.NOT_BEGUN, phase=Phase.CONNECT, reply=words_of(error), halt=Halt.REST)
    return Result(index, Verdict.UNKNOWN, Reason.REPLY_LOST, Phase.FINAL, reply=words_of(error))


def _never_connected(error: BaseException) -> bool:
    """Look through the wrapping of anymail, boto3, requests and urllib3 for a connection that never came about."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if type(one).__name__ in _NEVER_CONNECTED:
            return True
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        waiting += [argument for argument in one.args if isinstance(argument, BaseException)]
    return False


def status_of(error: Exception) -> tuple[int | None, Mapping[str, str]]:
    """(HTTP status, headers) of the answer an exception is about, None where none came. boto3's answer is a mapping."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        told = response.get("ResponseMetadata", {})
        return told.get("HTTPStatusCode"), told.get("HTTPHeaders", {})
    status = error.status_code if isinstance(error, AnymailAPIError) else None
    return status, getattr(response, "headers", None) or {}


def words_of(error: BaseException) -> str:
    """The provider's own words where there are any."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        told = response.get("Error", {})
        text = f"{told.get('Code', '')}: {told.get('Message', '')}"
    else:
        text = getattr(response, "text", "") or ""
    return (text or str(error)).strip()[:1000]


def words_in(response: Any) -> str:
    """The text of an answer, cut."""
    return str(getattr(response, "text", "") or "").strip()[:1000]
