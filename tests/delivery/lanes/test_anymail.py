"""The same cases for every provider django-anymail speaks to, against a fake of its API at the wire."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

import pytest

from delivery.capabilities import KINDS, kind_of
from delivery.lanes.anymail import AnymailLane, Call
from delivery.lanes.contract import Await, Halt, LaneClosed, Result
from delivery.lanes.probing import probe
from delivery.models import Provider
from delivery.multiplex import run_together
from delivery.reasons import Reason
from delivery.skeleton import Parts
from delivery.verdicts import Phase, Verdict

TO = "camille@poste.example"
HTTP_KINDS = sorted(name for name, kind in KINDS.items() if not kind.is_smtp and kind.is_available)
OPTIONS = {
    "mailgun": {"sender_domain": "verdier.example"},
    "mailjet": {"api_key": "key"},
    "scaleway": {"project_id": "p"},
}
# What each API says when it takes a message for one person.
TAKEN: dict[str, Any] = {
    "brevo": {"messageId": "<1@x>"},
    "mailersend": None,
    "mailgun": {"id": "<1@x>", "message": "Queued. Thank you."},
    "mailjet": {
        "Messages": [
            {
                "Status": "success",
                "To": [{"Email": TO, "MessageUUID": "u", "MessageID": 1, "MessageHref": ""}],
                "Cc": [],
                "Bcc": [],
            }
        ]
    },
    "mailtrap": {"success": True, "message_ids": ["1"]},
    "mandrill": [{"email": TO, "status": "sent", "_id": "1", "reject_reason": None}],
    "postal": {"status": "success", "data": {"message_id": "1", "messages": {TO: {"id": 1, "token": "t"}}}},
    "postmark": {"To": TO, "ErrorCode": 0, "Message": "OK", "MessageID": "1", "SubmittedAt": "2026-11-24T10:00:00Z"},
    "resend": {"id": "1"},
    "scaleway": {"emails": [{"id": "1", "message_id": "1", "mail_rcpt": TO, "rcpt_type": "to", "status": "new"}]},
    "sendgrid": None,
    "sparkpost": {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "1"}},
    "unisender_go": {"status": "success", "job_id": "1", "emails": [TO]},
}


class Api:
    """A provider's API: answers what `mood` says, keeps what it was asked."""

    def __init__(self, kind: str) -> None:
        self.kind, self.status, self.headers = kind, 200, dict[str, str]()
        self.is_cutting = False
        self.meeting: threading.Barrier | None = None
        self.asked: list[tuple[dict[str, str], str]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                api.asked.append((dict(self.headers), body))
                if api.meeting is not None:
                    with contextlib.suppress(threading.BrokenBarrierError):
                        api.meeting.wait(20)
                if api.is_cutting:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                taken = TAKEN[api.kind]
                answer = b"" if taken is None else json.dumps(taken).encode()
                if api.status != 200:
                    answer = json.dumps({"message": "no", "error": "no", "errors": [{"message": "no"}]}).encode()
                status = 202 if api.status == 200 and taken is None else api.status
                self.send_response(status)
                for name, value in {
                    "X-Message-Id": "1",
                    "Content-Type": "application/json" if answer else "text/html",
                    **api.headers,
                }.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api(kind: str) -> Iterator[Api]:
    server = Api(kind)
    yield server
    server.close()


def provider_for(kind: str, url: str) -> Provider:
    secrets = {one.name: "a-secret" for one in kind_of(kind).fields if one.is_secret}
    return Provider(pk=1, name=kind, kind=kind, options={"api_url": url, **OPTIONS.get(kind, {})}, credentials=secrets)


PARTS = Parts(
    subject="Soldes d’été",
    html="<p>Bonjour</p>",
    text="Bonjour",
    headers={
        "List-Unsubscribe": "<https://verdier.example/u/token>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": "<1.verdier.example>",
    },
    sender="Maison Verdier <bonjour@verdier.example>",
    to=TO,
    reply_to="",
    opaque_id="7.42",
)


def send(provider: Provider, *, count: int = 1) -> list[Result]:
    lane = AnymailLane(provider)
    calls = [Call(42 + number, lane._mail(PARTS, 42 + number)) for number in range(count)]
    lane.ready()
    results: list[Result] = []
    try:
        run_together([hand_over(lane, calls, results)])
    finally:
        lane.close()
    return results


def hand_over(lane: AnymailLane, calls: list[Call], results: list[Result]) -> Iterator[Await]:
    for found in lane.send(calls, may_begin=lambda: True):
        if isinstance(found, Await):
            yield found
        else:
            results.append(found)


pytestmark = [pytest.mark.parametrize("kind", HTTP_KINDS)]


def test_taken_is_accepted_and_carries_a_personal_one_click_header(kind: str, api: Api) -> None:
    results = send(provider_for(kind, api.url), count=2)

    assert [result.verdict for result in results] == [Verdict.ACCEPTED] * 2
    body = unquote_plus(api.asked[0][1])
    assert "https://verdier.example/u/token" in body
    assert "One-Click" in body
    assert "7.42" in body  # the opaque id, for its events


def test_a_repeated_call_carries_the_same_key_where_the_provider_has_one(kind: str, api: Api) -> None:
    for _ in range(2):
        send(provider_for(kind, api.url))

    row = kind_of(kind)
    said = [json.dumps(dict(headers)) + body for headers, body in api.asked]
    if row.idempotency_field or row.idempotency_header:
        assert all("envol-42" in one for one in said)
    else:
        assert not any("envol-42" in one for one in said)


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

    result = send(provider_for(kind, api.url))[0]

    assert result.verdict == Verdict.DEFERRED
    assert result.retry_after is not None and result.retry_after.total_seconds() == 120


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_is_a_refusal(kind: str, api: Api, status: int) -> None:
    api.status = status

    assert send(provider_for(kind, api.url))[0].verdict == Verdict.REFUSED


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_stops_and_refuses_nobody(kind: str, api: Api, status: int) -> None:
    api.status = status

    results = send(provider_for(kind, api.url), count=3)

    assert [(result.verdict, result.halt) for result in results] == [(Verdict.NOT_BEGUN, Halt.PAUSE)]
    assert "no" in results[0].reply


def test_a_cut_before_the_status_is_doubt(kind: str, api: Api) -> None:
    api.is_cutting = True

    result = send(provider_for(kind, api.url))[0]

    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, Reason.REPLY_LOST)


def test_nobody_there_is_certainly_not_handed_over(kind: str) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as reserved:
        port = reserved.getsockname()[1]

    result = send(provider_for(kind, f"http://127.0.0.1:{port}/"))[0]

    assert (result.verdict, result.phase) == (Verdict.NOT_BEGUN, Phase.CONNECT)


def test_a_try_of_the_connection_sends_nothing_and_tells_a_wrong_key(kind: str, api: Api) -> None:
    probe(provider_for(kind, api.url))
    assert all(TO not in body for _, body in api.asked)

    api.status = 401
    with pytest.raises(LaneClosed) as refused:
        probe(provider_for(kind, api.url))
    assert refused.value.halt is Halt.PAUSE
