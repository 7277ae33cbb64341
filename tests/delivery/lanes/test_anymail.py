"""The same cases for every provider django-anymail speaks to, against a fake of its API at the wire."""

import contextlib
import json
import socket
import threading
from base64 import b64decode
from typing import Any
from urllib.parse import unquote_plus

import pytest

from delivery.capabilities import kind_of
from delivery.lanes.batching import WIRES
from delivery.lanes.contract import Halt, LaneClosed
from delivery.lanes.probing import probe
from delivery.reasons import Reason
from delivery.verdicts import Phase, Verdict
from tests.delivery.lanes.api import HTTP_KINDS, TAKEN, TO, Api, api, provider_for, send

__all__ = ["api"]

pytestmark = [pytest.mark.parametrize("kind", HTTP_KINDS)]


def test_taken_is_accepted_and_carries_a_personal_one_click_header(kind: str, api: Api) -> None:
    results = send(provider_for(kind, api.url), count=2)

    assert [result.verdict for result in results] == [Verdict.ACCEPTED] * 2
    body = readable(kind, api.asked[0][1])
    assert "https://verdier.example/u/token" in body
    assert "One-Click" in body
    assert "7.42" in body  # the opaque id, for its events


def readable(kind: str, body: str) -> str:
    """What is said in a call, whatever it is wrapped in."""
    if kind == "amazon_ses":
        return b64decode(json.loads(body)["Content"]["Raw"]["Data"]).decode()
    return unquote_plus(body)


def test_a_repeated_call_carries_the_same_key_where_the_provider_has_one(kind: str, api: Api) -> None:
    for _ in range(2):
        send(provider_for(kind, api.url))

    row = kind_of(kind)
    keys = [said.get(row.idempotency_header) or key_in(body, row.idempotency_field) for said, body in api.asked]
    assert len(api.asked) == 2
    assert keys[0] == keys[1]
    assert bool(keys[0]) == bool(row.idempotency_for)


def key_in(body: str, name: str) -> str:
    return str(json.loads(body)["headers"][name]) if name else ""


def test_the_number_the_provider_gives_it_is_kept(kind: str, api: Api) -> None:
    assert send(provider_for(kind, api.url))[0].their_id


def test_tracking_is_left_to_us(kind: str, api: Api) -> None:
    send(provider_for(kind, api.url))

    _headers, body = api.asked[0]
    if kind_of(kind).has_tracking_switch:
        assert any(word in body.lower() for word in ("track", "false", "no"))


@pytest.mark.parametrize("status", [500, 502, 504])
def test_errors_that_say_nothing_are_doubt(kind: str, api: Api, status: int) -> None:
    api.status = status

    result = send(provider_for(kind, api.url))[0]

    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.SERVER_ERROR)
    # Nothing repeats a call by itself where the provider does not know it by its key: boto3 would.
    assert len(api.asked) == (3 if kind_of(kind).idempotency_for else 1)


def test_an_answer_that_does_not_come_is_doubt(kind: str, api: Api, settings: Any) -> None:
    settings.LEASE_SECONDS = 0.75
    api.meeting = threading.Barrier(2)

    result = send(provider_for(kind, api.url))[0]
    api.meeting.abort()

    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLY_LOST)


# How each says, in an answer that is none of the statuses above, that this address is not written to.
ADDRESS_REFUSED: dict[str, tuple[int, Any]] = {
    "amazon_ses": (400, {"__type": "MessageRejected", "message": "Address is on the suppression list"}),
    "brevo": (400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
    "mailersend": (
        202,
        {"warnings": [{"type": "ALL_SUPPRESSED", "recipients": [{"email": TO, "reasons": ["hard_bounced"]}]}]},
    ),
    "mailgun": (400, {"message": "to parameter is not a valid address. please check documentation"}),
    "mailjet": (400, {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0013"}]}]}),
    "mailtrap": (400, {"success": False, "errors": ["'to' address is invalid"]}),
    "mandrill": (200, [{"email": TO, "status": "rejected", "_id": "1", "reject_reason": "hard-bounce"}]),
    "postal": (200, {"status": "error", "data": {"code": "ValidationError", "message": "invalid"}}),
    "postmark": (422, {"ErrorCode": 406, "Message": f"inactive addresses: {TO}. Inactive recipients are ones"}),
    "resend": (422, {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field"}),
    "scaleway": (400, {"details": [{"argument_name": "to", "reason": "constraint"}], "type": "invalid_arguments"}),
    "sendgrid": (400, {"errors": [{"message": "Does not contain a valid address.", "field": "personalizations.0.to"}]}),
    "sparkpost": (200, {"results": {"total_rejected_recipients": 1, "total_accepted_recipients": 0, "id": "1"}}),
    "unisender_go": (200, {"status": "success", "job_id": "1", "emails": [], "failed_emails": {TO: "invalid"}}),
}


def test_an_address_refused_in_the_answer_is_a_refusal(kind: str, api: Api) -> None:
    api.moods = [lambda path, body: ADDRESS_REFUSED[kind]]

    result = send(provider_for(kind, api.url))[0]

    assert (result.verdict, result.halt) == (Verdict.REFUSED, None)
    assert result.reply


def test_an_answer_nobody_can_read_is_doubt(kind: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TAKEN, kind, [[]] if kind != "mandrill" else {"x": 1})

    assert send(provider_for(kind, api.url))[0].verdict in (Verdict.UNKNOWN, Verdict.ACCEPTED)


def test_503_follows_the_table(kind: str, api: Api) -> None:
    api.status = 503

    expected = Verdict.DEFERRED if kind_of(kind).is_503_deferred else Verdict.UNKNOWN
    assert send(provider_for(kind, api.url))[0].verdict == expected


@pytest.mark.parametrize("status", [408, 425, 429])
def test_later_is_later(kind: str, api: Api, status: int) -> None:
    api.status, api.headers = status, {"Retry-After": "120"}

    results = send(provider_for(kind, api.url), count=2)

    result = results[0]
    if status == 429:  # about the account: nobody else is tried, and nobody counted as deferred for it
        assert (result.verdict, result.halt) == (Verdict.NOT_BEGUN, Halt.WAIT)
        assert len(api.asked) == 1
    else:
        assert (result.verdict, result.halt) == (Verdict.DEFERRED, None)
    assert result.retry_after is not None and result.retry_after.total_seconds() == 120


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_is_a_refusal(kind: str, api: Api, status: int) -> None:
    api.status = status

    assert send(provider_for(kind, api.url))[0].verdict == Verdict.REFUSED


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_stops_and_refuses_nobody(kind: str, api: Api, status: int) -> None:
    api.status = status

    results = send(provider_for(kind, api.url), count=3)

    halt = Halt.QUOTA if status == 402 else Halt.PAUSE
    assert {(result.verdict, result.halt) for result in results} == {(Verdict.NOT_BEGUN, halt)}
    assert len(api.asked) == 1
    assert "no" in results[0].reply


def test_a_cut_before_the_status_is_doubt(kind: str, api: Api) -> None:
    api.is_cutting = True

    result = send(provider_for(kind, api.url))[0]

    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLY_LOST)


def test_nobody_there_is_certainly_not_handed_over(kind: str) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as reserved:
        port = reserved.getsockname()[1]

    results = send(provider_for(kind, f"http://127.0.0.1:{port}/"), count=3)

    assert {(one.verdict, one.phase, one.halt) for one in results} == {(Verdict.NOT_BEGUN, Phase.CONNECT, Halt.REST)}
    assert kind in WIRES or len(results) == 1, "nobody else waits for a connection of their own"


def test_calls_are_made_on_one_kept_connection(kind: str, api: Api) -> None:
    api.moods = [lambda path, body: (422, None), *[lambda path, body: (200, None)] * 9]

    send(provider_for(kind, api.url), count=3)

    assert len(api.asked) > 1
    assert len(api.callers) == 1


def test_a_try_of_the_connection_sends_nothing_and_tells_a_wrong_key(kind: str, api: Api) -> None:
    probe(provider_for(kind, api.url))
    assert all(TO not in body for _, body in api.asked)

    api.status = 401
    with pytest.raises(LaneClosed) as refused:
        probe(provider_for(kind, api.url))
    assert refused.value.halt is Halt.PAUSE
