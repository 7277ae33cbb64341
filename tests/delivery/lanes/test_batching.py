"""One call for several people: each is shown their own message and nobody else, and has a fate of their own."""

import json
from typing import Any

import pytest

from delivery.capabilities import KINDS, kind_of
from delivery.lanes.batching import WIRES, Call, chunks, key_of
from delivery.lanes.contract import Halt, Result
from delivery.reasons import Reason
from delivery.verdicts import Verdict
from tests.delivery.lanes.api import BATCHING, Api, api, parts_of, provider_for, send

__all__ = ["api"]

pytestmark = pytest.mark.parametrize("kind", BATCHING)
COUNT = 3


def messages_in(kind: str, body: str) -> list[dict[str, Any]]:
    """The messages of one call as the provider reads them."""
    told = json.loads(body)
    return {
        "postmark": lambda: told,
        "resend": lambda: told,
        "mailtrap": lambda: told["requests"],
        "mailjet": lambda: told["Messages"],
        "brevo": lambda: told["messageVersions"],
    }[kind]()


def above_them(kind: str, body: str) -> str:
    """What stands in a call beside its messages."""
    told = json.loads(body)
    if isinstance(told, list):
        return ""
    return json.dumps(
        {name: value for name, value in told.items() if name not in ("requests", "Messages", "messageVersions")}
    )


def whose(number: int) -> tuple[str, ...]:
    """What must be in one person's message and nowhere else: address, name, links, way out, opaque id."""
    parts = parts_of(number)
    return (parts.to, parts.headers["List-Unsubscribe"].strip("<>"), parts.text, parts.opaque_id)


def test_everybody_sees_themselves_only(kind: str, api: Api) -> None:
    results = send(provider_for(kind, api.url), count=COUNT)

    assert [(one.index, one.verdict, one.their_id) for one in results] == [
        (number, Verdict.ACCEPTED, str(number)) for number in range(COUNT)
    ]
    ((_headers, body),) = api.asked
    messages = [json.dumps(one, ensure_ascii=False) for one in messages_in(kind, body)]
    assert len(messages) == COUNT
    for number in range(COUNT):
        others = "".join(messages[:number] + messages[number + 1 :]) + above_them(kind, body)
        for mark in whose(number):
            assert mark in messages[number]
            assert not any(word in others for word in (f'{mark}"', f"{mark}<", f"{mark}>"))
        assert "One-Click" in messages[number]
        assert parts_of(number).subject in messages[number]


def test_each_message_has_one_recipient_and_the_sender_in_full(kind: str, api: Api) -> None:
    send(provider_for(kind, api.url), count=COUNT)

    body = api.asked[0][1]
    for number, message in enumerate(messages_in(kind, body)):
        to = json.dumps(message.get("to") or message["To"])
        assert to.count("@") == 1
        assert parts_of(number).to in to
        assert not {"cc", "bcc", "Cc", "Bcc"} & set(message)
        sender = message if kind != "brevo" else json.loads(body)
        assert "bonjour@verdier.example" in json.dumps(sender)
    if kind_of(kind).has_tags:  # by which its list of events names the mailing
        assert json.loads(body)["tags"] == ["envol-7"]


def test_a_doubt_is_one_for_each(kind: str, api: Api) -> None:
    api.status = 502

    results = send(provider_for(kind, api.url), count=COUNT)

    assert {(one.verdict, one.reason) for one in results} == {(Verdict.UNKNOWN, Reason.SERVER_ERROR)}
    assert len(results) == COUNT
    assert len(api.asked) == (3 if kind_of(kind).idempotency_for else 1)


def test_a_lost_answer_is_a_doubt_for_each(kind: str, api: Api) -> None:
    api.is_cutting = True

    results = send(provider_for(kind, api.url), count=COUNT)

    assert [(one.verdict, one.reason) for one in results] == [(Verdict.UNKNOWN, Reason.REPLY_LOST)] * COUNT


def test_later_is_later_for_each(kind: str, api: Api) -> None:
    api.status, api.headers = 429, {"Retry-After": "60"}

    results = send(provider_for(kind, api.url), count=COUNT)

    assert [(one.verdict, one.halt) for one in results] == [(Verdict.NOT_BEGUN, Halt.WAIT)] * COUNT
    assert all(one.retry_after is not None and one.retry_after.total_seconds() == 60 for one in results)


def test_a_refused_login_stops_and_refuses_nobody(kind: str, api: Api) -> None:
    api.status = 401

    results = send(provider_for(kind, api.url), count=COUNT)

    assert {(one.verdict, one.halt) for one in results} == {(Verdict.NOT_BEGUN, Halt.PAUSE)}
    assert len(api.asked) == 1


def test_a_call_refused_as_a_whole_is_halved_until_the_one_at_fault_stands_alone(kind: str, api: Api) -> None:
    def refuse_lea(path: str, body: str) -> tuple[int, Any]:
        return (422 if "lea1@" in body else 200), None

    api.moods = [refuse_lea] * 9

    results = sorted(send(provider_for(kind, api.url), count=COUNT), key=lambda one: one.index)

    assert [one.verdict for one in results] == [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED]


def test_one_refused_among_others(kind: str, api: Api) -> None:
    no = {
        "postmark": {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive."},
        "mailtrap": {"success": False, "errors": ["recipient is suppressed"]},
        "mailjet": {"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "ErrorMessage": "not a valid email"}]},
    }
    if kind not in no:
        pytest.skip("its API takes all of a call, or none")
    yes = {
        "postmark": {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": "x@y.example"},
        "mailtrap": {"success": True, "message_ids": ["1"]},
        "mailjet": {"Status": "success", "To": [{"Email": "x@y.example", "MessageID": 1}]},
    }
    lines = [yes[kind], no[kind], yes[kind]]
    said: Any = {"mailtrap": {"success": True, "responses": lines}, "mailjet": {"Messages": lines}}.get(kind, lines)
    api.moods = [lambda path, body: (400 if kind == "mailjet" else 200, said)]

    results = send(provider_for(kind, api.url), count=COUNT)

    assert [one.verdict for one in results] == [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED]
    assert results[1].reason in (Reason.REFUSED_POLICY, Reason.REFUSED_ADDRESS)
    assert results[1].reply


def test_a_sender_refused_in_the_lines_stops_and_refuses_nobody(kind: str, api: Api) -> None:
    no = {
        "postmark": {"ErrorCode": 400, "Message": "The 'From' address you supplied is not a Sender Signature."},
        "mailtrap": {"success": False, "errors": ["sender domain verdier.example is not verified"]},
        "mailjet": {
            "Status": "error",
            "Errors": [{"ErrorMessage": "bonjour@verdier.example is not an authorized sender email address."}],
        },
    }
    if kind not in no:
        pytest.skip("its API takes all of a call, or none")
    lines = [no[kind]] * COUNT
    said: Any = {"mailtrap": {"success": True, "responses": lines}, "mailjet": {"Messages": lines}}.get(kind, lines)
    api.moods = [lambda path, body: (400 if kind == "mailjet" else 200, said)]

    results = send(provider_for(kind, api.url), count=COUNT)

    assert {(one.verdict, one.halt) for one in results} == {(Verdict.NOT_BEGUN, Halt.SENDER)}


@pytest.mark.parametrize("said", [[], {}, {"data": [{"id": "1"}]}, [{"ErrorCode": 0}], {"responses": 3}])
def test_an_answer_that_does_not_tell_of_each_is_doubt_for_all(kind: str, api: Api, said: Any) -> None:
    api.moods = [lambda path, body: (200, said or {"": 0})] * 3

    results = send(provider_for(kind, api.url), count=COUNT)

    assert [one.verdict for one in results] == [Verdict.UNKNOWN] * COUNT


def test_a_doubt_is_settled_by_the_key_while_it_holds(kind: str, api: Api) -> None:
    if not kind_of(kind).idempotency_for:
        pytest.skip("has no key")
    # Brevo says that it knows the key, Resend gives the first answer again.
    again = (400, {"code": "duplicate_parameter", "message": "known"}) if kind == "brevo" else (200, None)
    api.moods = [lambda path, body: (504, None), lambda path, body: again]

    results = send(provider_for(kind, api.url), count=COUNT)

    assert [one.verdict for one in results] == [Verdict.ACCEPTED] * COUNT
    first, second = (
        said.get("Idempotency-Key") or json.loads(body)["headers"]["idempotencyKey"] for said, body in api.asked
    )
    assert first == second


def test_not_now_to_a_repeated_call_leaves_the_doubt(kind: str, api: Api) -> None:
    if not kind_of(kind).idempotency_for:
        pytest.skip("has no key")
    api.moods = [lambda path, body: (504, None)] + [lambda path, body: (429, None)] * 2

    assert verdicts(send(provider_for(kind, api.url), count=COUNT)) == {Verdict.UNKNOWN}


def verdicts(results: list[Result]) -> set[Verdict]:
    return {one.verdict for one in results}


def test_a_call_carries_no_more_than_the_provider_takes(kind: str, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    most = kind_of(kind).batch_size
    calls = send(provider_for(kind, api.url), count=most + 1) if most <= 100 else []
    sizes = [len(messages_in(kind, body)) for _, body in api.asked if calls and one_of_many(kind, body)]

    assert not calls or (len(calls), sizes) == (most + 1, [most])


def one_of_many(kind: str, body: str) -> bool:
    told = json.loads(body)
    return isinstance(told, list) or "messageVersions" in told or ("Messages" in told and "Globals" not in told)


def test_senders_are_not_mixed_and_octets_have_a_limit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from delivery.lanes import batching
    from delivery.lanes.anymail import AnymailLane

    lane = AnymailLane(provider_for(kind, "http://127.0.0.1:9/"))
    calls = list(enumerate(Call(number, lane._mail(parts_of(number), number)) for number in range(4)))
    lane.close()
    calls[2][1].mail.from_email = "Autre <autre@verdier.example>"

    assert [[index for index, _ in chunk] for chunk in chunks(calls, most=10)] == [[0, 1], [2], [3]]
    monkeypatch.setattr(batching, "MOST_BYTES", 10)
    assert [len(chunk) for chunk in chunks(calls, most=10)] == [1, 1, 1, 1]


def test_the_key_is_that_of_these_messages_in_this_call(kind: str) -> None:
    from delivery.lanes.anymail import AnymailLane

    lane = AnymailLane(provider_for(kind, "http://127.0.0.1:9/"))
    one, two = (Call(number, lane._mail(parts_of(number), number)) for number in range(2))
    lane.close()

    assert key_of([one, two]) == key_of([one, two])
    assert len({key_of([one]), key_of([two]), key_of([one, two])}) == 3


def test_the_table_says_who_takes_several(kind: str) -> None:
    assert {name for name, row in KINDS.items() if row.batch_size} == set(WIRES)
