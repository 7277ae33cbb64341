"""After a restored backup, providers that keep a list of events are asked for the time that was lost.

Their APIs are faked at the wire, page by page; what they tell settles messages the backup calls waiting.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from delivery.models import Batch, Guard, Mailing, Outcome, Provider
from delivery.signals import gone_back
from feedback import missed
from feedback.applying import apply_pending
from feedback.asking import CAN_BE_ASKED
from feedback.models import Catchup, Event
from tests.feedback.sent import Sent, send

LOST = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
OPTIONS = {"mailgun": {"sender_domain": "verdier.example"}}
Answer = Callable[[str, dict[str, list[str]]], Any]


class Api:
    """What `answer(path, query)` gives, as JSON; None is a 503."""

    def __init__(self) -> None:
        self.answer: Answer = lambda path, query: None
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = parse_qs(parts.query)
                api.asked.append((parts.path, query, dict(self.headers)))
                told = api.answer(parts.path, query)
                body = json.dumps(told or {"message": "down"}).encode()
                self.send_response(200 if told is not None else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def api() -> Iterator[Api]:
    found = Api()
    yield found
    found.server.shutdown()
    found.server.server_close()


def restored(kind: str, api: Api, people: int = 3) -> Sent:
    """A mailing all of which had left; the backup knows none of it."""
    secrets = {"api_key": "a-key", "server_token": "a-token", "webhook_signing_key": "k"}
    sent = send(people, kind=kind, credentials=secrets, state=Mailing.State.PAUSED, pause_reason="restored")
    Provider.objects.filter(pk=sent.provider.pk).update(options={"api_url": api.url, **OPTIONS.get(kind, {})})
    Outcome.objects.all().delete()
    Batch.objects.update(state=Batch.State.HELD, accepted_count=0)
    Guard.objects.update_or_create(
        pk=1, defaults={"held_at": timezone.now(), "raised_at": timezone.now(), "lost_since": LOST}
    )
    gone_back.send(sender=Guard, now=NOW)
    return sent


def opaque(sent: Sent, position: int) -> str:
    return f"{sent.mailing.pk}.{sent.messages[position]}"


def address(sent: Sent, position: int) -> str:
    return sent.contacts[position].address


def mailgun(sent: Sent, api: Api) -> Answer:
    """Three pages by their `next`: delivered and failed, then accepted, then nothing."""

    def item(position: int, event: str, **more: Any) -> dict[str, Any]:
        return {
            "event": event, "id": f"e{position}{event}", "timestamp": AT.timestamp(),
            "recipient": address(sent, position), "user-variables": {"envol_id": opaque(sent, position)},
            "message": {"headers": {"message-id": "1@x"}}, **more,
        }  # fmt: skip

    failed = {"severity": "permanent", "delivery-status": {"message": "550 5.1.1 user unknown", "code": 550}}
    pages = {
        "/v1/verdier.example/events": [item(0, "delivered"), item(1, "failed", **failed)],
        "/v1/two": [item(2, "accepted")],
        "/v1/three": [],
    }
    nexts = {"/v1/verdier.example/events": "two", "/v1/two": "three", "/v1/three": "three"}
    return lambda path, query: {"items": pages[path], "paging": {"next": api.url + nexts[path]}}


def sparkpost(sent: Sent, api: Api) -> Answer:
    def item(position: int, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "type": kind, "event_id": f"e{position}", "timestamp": AT.isoformat(), "rcpt_to": address(sent, position),
            "rcpt_meta": {"envol_id": opaque(sent, position)}, "message_id": "1", **more,
        }  # fmt: skip

    bounce = {"bounce_class": "10", "raw_reason": "550 5.1.1 user unknown"}

    def answer(path: str, query: dict[str, list[str]]) -> Any:
        if query["cursor"] == ["initial"]:
            first = [item(0, "delivery"), item(1, "bounce", **bounce)]
            return {"results": first, "links": {"next": "/v1/events/message?cursor=b"}}
        return {"results": [item(2, "injection")], "links": {}}

    return answer


def brevo(sent: Sent, api: Api) -> Answer:
    def item(position: int, event: str, **more: Any) -> dict[str, Any]:
        return {
            "email": address(sent, position), "date": "2026-11-20T11:00:00.000+01:00", "event": event,
            "messageId": "<1@x>", "tag": f"envol-{sent.mailing.pk}", **more,
        }  # fmt: skip

    items = [
        item(0, "delivered"),
        item(1, "hardBounces", reason="550 5.1.1 user unknown"),
        item(2, "requests"),
        item(0, "opened"),
        item(0, "delivered", tag="newsletter of somebody else"),
        item(0, "delivered", date="2026-11-19T11:00:00.000+01:00"),
    ]
    return lambda path, query: {"events": items} if query["offset"] == ["0"] else {}


def postmark(sent: Sent, api: Api) -> Answer:
    """More than one search gives: its time is halved once; 501 messages are two pages."""

    def item(position: int) -> dict[str, Any]:
        return {
            "MessageID": f"m{position}", "Recipients": [address(sent, position)], "ReceivedAt": AT.isoformat(),
            "Status": "Sent", "Metadata": {"envol_id": opaque(sent, position)},
        }  # fmt: skip

    bounce = {
        "ID": 1, "Type": "HardBounce", "MessageID": "m1", "Email": address(sent, 1), "BouncedAt": AT.isoformat(),
        "Details": "550 5.1.1 user unknown", "Description": "gone",
    }  # fmt: skip

    def answer(path: str, query: dict[str, list[str]]) -> Any:
        if path.endswith("bounces"):
            return {"TotalCount": 1, "Bounces": [bounce]}
        is_whole = query["fromdate"] == ["2026-11-20T03:50:00"] and query["todate"] == ["2026-11-20T07:00:00"]
        if is_whole:
            return {"TotalCount": 10_001, "Messages": []}
        if query["todate"] == ["2026-11-20T07:00:00"]:
            return {"TotalCount": 0, "Messages": []}
        return {"TotalCount": 501, "Messages": [item(0), item(1)] if query["offset"] == ["0"] else [item(2)]}

    return answer


ANSWERS = {"mailgun": mailgun, "sparkpost": sparkpost, "brevo": brevo, "postmark": postmark}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", sorted(CAN_BE_ASKED))
def test_what_a_provider_tells_settles_what_the_backup_calls_waiting(kind: str, api: Api, team_client: Client) -> None:
    sent = restored(kind, api)
    api.answer = ANSWERS[kind](sent, api)
    assert "Is being asked" in team_client.get("/restored/").content.decode()

    assert missed.catch_up(now=NOW) >= 3
    apply_pending()

    assert Event.objects.exclude(error=None).count() == 0
    assert {row.state for row in Outcome.objects.all()} == {Outcome.State.ACCEPTED}
    assert Outcome.objects.count() == 3
    assert sent.outcome(1).is_hard_bounce is True
    assert (sent.outcome(0).delivered_at is not None) == (kind != "postmark")
    assert any("a-key" in str(said) or "a-token" in str(said) or "Authorization" in said for _, _, said in api.asked)
    page = team_client.get("/restored/").content.decode()
    assert "events fetched." in page
    assert Catchup.objects.get().done_at == NOW

    before = Event.objects.count()
    Catchup.objects.update(done_at=None)
    assert missed.catch_up(now=NOW) == 0
    assert Event.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_an_api_that_is_down_is_asked_again_later_each_time(api: Api, team_client: Client) -> None:
    sent = restored("mailgun", api)

    assert missed.catch_up(now=NOW) == 0
    assert missed.catch_up(now=NOW) == 0
    assert len(api.asked) == 1
    assert "tried again" in team_client.get("/restored/").content.decode()

    api.answer = mailgun(sent, api)
    assert missed.catch_up(now=NOW + timedelta(minutes=3)) == 3


@pytest.mark.django_db(transaction=True)
def test_the_login_goes_to_no_other_host(api: Api) -> None:
    sent = restored("mailgun", api)
    api.answer = lambda path, query: {
        "items": [{"event": "delivered", "timestamp": AT.timestamp(), "user-variables": {"envol_id": opaque(sent, 0)}}],
        "paging": {"next": "http://evil.example/v1/more"},
    }

    missed.catch_up(now=NOW)

    assert "another host" in Catchup.objects.get().error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("told", [[], {}, {"items": 3}, {"items": [3], "paging": {}}])
def test_an_answer_that_makes_no_sense_is_an_error_with_words(api: Api, told: Any) -> None:
    restored("mailgun", api)
    api.answer = lambda path, query: told

    with contextlib.suppress(AssertionError):
        missed.catch_up(now=NOW)

    row = Catchup.objects.get()
    assert row.error
    assert row.tries == 1


@pytest.mark.django_db(transaction=True)
def test_providers_that_keep_no_list_say_so(api: Api, team_client: Client) -> None:
    restored("mailjet", api)

    assert not Catchup.objects.exists()
    assert "Keeps no list that can be asked" in team_client.get("/restored/").content.decode()
