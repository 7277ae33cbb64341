"""What an API's answer, or its absence, means for one message. Nothing here talks to anybody.

Doubt runs from the moment the request may have been read whole to its status.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError
from django.utils import timezone

from delivery.capabilities import Kind
from delivery.classify import is_about_us, refusal_reason
from delivery.lanes.contract import Halt, Result
from delivery.reasons import Reason
from delivery.verdicts import Phase, Verdict

LATER = frozenset({408, 425, 429})
DOUBT = frozenset({500, 502, 504})
# A call with the same key is still being worked on (Resend): nobody knows yet how it ends.
_IN_PROGRESS = "concurrent_idempotent_requests"
# The call with this key was taken before (Brevo), and this one was not executed.
_TAKEN_BEFORE = "duplicate_parameter"
# Amazon's names for an account that may not send at all, and for one that has sent enough for now.
_AMAZON_PAUSE = re.compile("AccountSuspended|SendingPaused|MailFromDomainNotVerified|NotFound")
_AMAZON_LATER = re.compile("LimitExceeded|Throttling|TooManyRequests")
_NO = re.compile(r'"status"\s*:\s*"(parameter-error|error)"')
_NO_LOGIN = re.compile("InvalidServerAPIKey|AccessDenied|ServerSuspended|UnauthenticatedFromAddress|no valid API key")
_OUR_SENDER = re.compile(r"not an? (authori[sz]ed|valid(ated)?|verified) (sender|from)", re.IGNORECASE)
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


def refused(index: int, words: str, *, is_address: bool = False) -> Result:
    """Not taken for this one person, in the provider's words; or for our sender, and then for nobody."""
    if not is_address and (is_about_us(None, words) or _OUR_SENDER.search(words)):
        return Result(index, Verdict.NOT_BEGUN, phase=Phase.FINAL, code=200, reply=words, halt=Halt.PAUSE)
    reason = Reason.REFUSED_ADDRESS if is_address else refusal_reason(None, words)
    if reason == Reason.REFUSED_OTHER:
        reason = Reason.REFUSED_POLICY  # a status without a reason: the provider's own list of people it will not write
    return Result(index, Verdict.REFUSED, reason, Phase.FINAL, 200, words)


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
    """What a status says of a message that was not simply taken."""
    if status == 409 and _IN_PROGRESS in words:
        return unreadable(index, words)
    if status == 400 and kind.idempotency_field and _TAKEN_BEFORE in words:
        return taken(index, None)
    if status in DOUBT or (status == 503 and not kind.is_503_deferred):
        return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, status, words)
    if status in LATER or status >= 500 or _AMAZON_LATER.match(words):
        pause = retry_after(headers)
        return Result(index, Verdict.DEFERRED, phase=Phase.FINAL, code=status, reply=words, retry_after=pause)
    if kind.says_no_with_200 and status == 200 and _NO.search(words):
        status = 403 if _NO_LOGIN.search(words) else 400
    if 200 <= status < 300:  # taken, and the answer makes no sense
        return Result(index, Verdict.UNKNOWN, Reason.SERVER_ERROR, Phase.FINAL, status, words)
    if status in (401, 402, 403) or is_about_us(None, words) or _AMAZON_PAUSE.match(words):
        return Result(index, Verdict.NOT_BEGUN, phase=Phase.FINAL, code=status, reply=words, halt=Halt.PAUSE)
    reason = Reason.REFUSED_SIZE if status == 413 else refusal_reason(None, words)
    return Result(index, Verdict.REFUSED, reason, Phase.FINAL, status, words)


def _without_status(index: int, error: Exception) -> Result:
    """Only what failed before the request was on the wire is certain."""
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return Result(index, Verdict.NOT_BEGUN, phase=Phase.CONNECT, reply=words_of(error))
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


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The Retry-After header (RFC 9110 10.2.3), seconds or a date; at most a day."""
    value = next((str(text) for name, text in headers.items() if name.lower() == "retry-after"), "")
    try:
        pause = timedelta(seconds=int(value)) if value.isdigit() else parsedate_to_datetime(value) - timezone.now()
    except (TypeError, ValueError):
        return None
    return min(max(pause, timedelta(0)), timedelta(days=1))


def words_in(response: Any) -> str:
    """The text of an answer, cut."""
    return str(getattr(response, "text", "") or "").strip()[:1000]
