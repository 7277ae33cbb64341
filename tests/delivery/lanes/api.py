"""A fake of every provider's API, at the wire: a real HTTP server on this machine that answers as each of them does."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from delivery.capabilities import KINDS, kind_of
from delivery.lanes.anymail import AnymailLane
from delivery.lanes.batching import WIRES, Call
from delivery.lanes.contract import Await, Result
from delivery.models import Provider
from delivery.multiplex import run_together
from delivery.skeleton import Parts

TO = "camille@poste.example"
HTTP_KINDS = sorted(name for name, kind in KINDS.items() if not kind.is_smtp)
BATCHING = sorted(WIRES)
OPTIONS = {
    "amazon_ses": {"aws_access_key_id": "AKIAEXAMPLE", "region_name": "eu-west-3"},
    "mailgun": {"sender_domain": "verdier.example"},
    "mailjet": {"api_key": "key"},
    "scaleway": {"project_id": "p"},
}
# What each API says when it takes a message for one person.
TAKEN: dict[str, Any] = {
    "amazon_ses": {"MessageId": "1"},
    "brevo": {"messageId": "<1@x>"},
    "mailersend": None,
    "mailgun": {"id": "<1@x>", "message": "Queued. Thank you."},
    "mailjet": {"Messages": []},
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


def one_line_each(kind: str, path: str, body: str) -> Any:
    """What the API says to several whole messages in one call, each with its number; None: it was one message."""
    told = json.loads(body) if kind in WIRES and body else {}
    if kind == "postmark" and path.endswith("email/batch"):
        return [
            {"To": one["To"], "ErrorCode": 0, "Message": "OK", "MessageID": str(number), "SubmittedAt": "2026"}
            for number, one in enumerate(told)
        ]
    if kind == "resend" and path.endswith("emails/batch"):
        return {"data": [{"id": str(number)} for number, _ in enumerate(told)]}
    if kind == "mailtrap" and path.endswith("batch"):
        return {
            "success": True,
            "responses": [{"success": True, "message_ids": [str(number)]} for number, _ in enumerate(told["requests"])],
        }
    if kind == "brevo" and "messageVersions" in told:
        return {"messageIds": [str(number) for number, _ in enumerate(told["messageVersions"])]}
    if kind == "mailjet" and "Messages" in told:
        return {
            "Messages": [
                {
                    "Status": "success",
                    "To": [
                        {"Email": one["To"][0]["Email"], "MessageID": number, "MessageUUID": "u", "MessageHref": ""}
                    ],
                    "Cc": [],
                    "Bcc": [],
                }
                for number, one in enumerate(told["Messages"])
            ]
        }
    return None


class Api:
    """A provider's API: answers what `mood` says, keeps what it was asked."""

    def __init__(self, kind: str) -> None:
        self.kind, self.status, self.headers = kind, 200, dict[str, str]()
        self.is_cutting = False
        self.moods: list[Callable[[str, str], tuple[int, Any] | None]] = []  # one a call, until none is left
        self.meeting: threading.Barrier | None = None
        self.asked: list[tuple[dict[str, str], str]] = []
        self.callers: set[int] = set()  # ports they came from
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                api.asked.append((dict(self.headers), body))
                api.callers.add(self.client_address[1])
                if api.meeting is not None:
                    with contextlib.suppress(threading.BrokenBarrierError):
                        api.meeting.wait(20)
                mood = api.moods.pop(0)(self.path, body) if api.moods else (api.status, None)
                if api.is_cutting or mood is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                given, said = mood
                taken = said or one_line_each(api.kind, self.path, body) or TAKEN[api.kind]
                answer = b"" if taken is None else json.dumps(taken).encode()
                if given != 200 and said is None:
                    answer = json.dumps({"message": "no", "error": "no", "errors": [{"message": "no"}]}).encode()
                status = 202 if given == 200 and taken is None else given
                self.send_response(status)
                for name, value in {
                    "X-Message-Id": "1",
                    "Content-Type": "application/json" if answer else "text/html",
                    **api.headers,
                }.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # who asked has given up in the meantime
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


def parts_of(number: int) -> Parts:
    """The message of one person: the first is PARTS, the others are as different as people are."""
    if number == 0:
        return PARTS
    return replace(
        PARTS,
        subject=f"Soldes d’été {number}",
        html=f'<p>Bonjour Léa {number}</p><a href="https://verdier.example/c/token{number}.1">oui</a>',
        text=f"Bonjour Léa {number}",
        headers=PARTS.headers | {"List-Unsubscribe": f"<https://verdier.example/u/token{number}.1>"},
        to=f"lea{number}@poste.example",
        opaque_id=f"7.{42 + number}",
    )


def send(provider: Provider, *, count: int = 1) -> list[Result]:
    lane = AnymailLane(provider)
    lane._repeats = (0.0, 0.0)
    calls = [Call(42 + number, lane._mail(parts_of(number), 42 + number)) for number in range(count)]
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
