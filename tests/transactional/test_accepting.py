"""The API: what is taken, what is refused with its field and place, and what a repetition gets."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts.api_keys import issue_key, revoke_key
from accounts.models import ApiKey
from common.gathering import NotStored
from tests.statements import lost_at, statements
from tests.transactional.conftest import PATH, VARIABLES, Shop
from transactional.accepting import answer_all, new_id
from transactional.calls import Post
from transactional.models import MessageRequest

pytestmark = pytest.mark.django_db


def test_one_message_is_stored_and_has_an_id(shop: Shop) -> None:
    status, told = shop.ask(shop.message("Camille@Courriel.example"))

    assert (status, told["state"]) == (202, "pending")
    row = MessageRequest.objects.get()
    assert str(row.uuid) == told["id"]
    assert (row.address, row.address_key) == ("Camille@Courriel.example", "camille@courriel.example")
    assert (row.subject, row.language, row.variables) == ("Votre reçu {{ data.number }}", "fr", VARIABLES)
    assert row.template_version_id == shop.template.current_id
    assert row.message_id is None


def test_a_batch_keeps_its_order(shop: Shop) -> None:
    asked = {"messages": [shop.message(f"{number}@courriel.example") for number in range(500)]}

    status, told = shop.ask(asked)

    assert status == 202
    stored = {str(row.uuid): row.address for row in MessageRequest.objects.all()}
    assert [stored[one["id"]] for one in told["messages"]] == [f"{number}@courriel.example" for number in range(500)]


def test_own_html_and_subject_from_a_named_sender_in_a_language(shop: Shop) -> None:
    asked = {
        "to": "camille@courriel.example",
        "subject": "Code {{ data.code }}",
        "html": "<p>{{ data.code }}</p>",
        "variables": {"code": "314159"},
        "from": "Bonjour@Maison-Verdier.example",
        "language": "en",
    }

    assert shop.ask(asked)[0] == 202

    row = MessageRequest.objects.get()
    assert (row.template_version_id, row.html, row.language) == (None, "<p>{{ data.code }}</p>", "en")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "camille"}, "to"),
        ({"to": None}, "to"),
        ({"to": "a@b.example\r\nBcc: c@d.example"}, "to"),
        ({"template": 987654}, "template"),
        ({"template": "1"}, "template"),
        ({"template": True}, "template"),
        ({"template": None}, "template"),
        ({"html": "<p>x</p>"}, "html"),
        ({"subject": "Two\nlines"}, "subject"),
        ({"subject": "{{ data.number"}, "subject"),
        ({"subject": "x" * 501}, "subject"),
        ({"variables": {"number": 1, "lines": []}}, "variables.total"),
        ({"variables": []}, "variables"),
        ({"variables": VARIABLES | {"note": "a\0b"}}, "variables"),
        ({"variables": VARIABLES | {"note": "x" * 60_000}}, "variables"),
        ({"language": "de"}, "language"),
        ({"from": "other@maison-verdier.example"}, "from"),
        ({"cc": "x@y.example"}, "cc"),
        ({"idempotency_key": 7}, "idempotency_key"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_place(shop: Shop, change: dict[str, Any], field: str) -> None:
    asked = {"messages": [shop.message(), shop.message(**change)]}

    assert shop.problems(asked) == [(1, field)]
    assert not MessageRequest.objects.exists()


def test_every_fault_is_found_at_once(shop: Shop) -> None:
    asked = {"messages": [{"to": "x"}, shop.message(language="xx", variables={})]}

    assert shop.problems(asked) == [
        (0, "to"),
        (0, "template"),
        (1, "variables.lines"),
        (1, "variables.number"),
        (1, "variables.total"),
        (1, "language"),
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"1", b'{"messages": {}}', b'{"messages": [1]}', b"NaN"])
def test_a_body_that_is_no_call_is_told_so(shop: Shop, body: bytes) -> None:
    response = shop.post(body)

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "malformed"


def test_more_than_five_hundred_are_too_many(shop: Shop) -> None:
    status, told = shop.ask({"messages": [{}] * 501})

    assert (status, told["error"]["code"]) == (400, "too_many")


def test_a_body_without_end_is_not_read(shop: Shop) -> None:
    assert shop.post(b" " * 5_000_001).status_code == 413


@pytest.mark.parametrize("secret", ["", "envol_wrong", "Bearer"])
def test_without_a_good_key_nothing_is_told(shop: Shop, secret: str) -> None:
    response = shop.post(shop.message(), secret=secret)

    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")


def test_a_revoked_key_ends_at_once(shop: Shop) -> None:
    assert shop.ask(shop.message())[0] == 202
    revoke_key(key=shop.key, user=None, at=timezone.now())

    assert shop.ask(shop.message())[0] == 401


def test_a_key_does_what_its_scopes_say(shop: Shop) -> None:
    reader = issue_key(name="Reporting", scopes=[ApiKey.Scope.READ], per_minute=None, user=None)

    response = shop.post(shop.message(), secret=reader.secret)

    assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")


def test_secrets_are_hashed(shop: Shop) -> None:
    row = ApiKey.objects.get(pk=shop.key.pk)

    assert shop.secret not in (row.digest, row.start)
    assert len(row.start) < 13


class TestIdempotency:
    def test_the_same_again_gets_the_same_answer_and_no_second_message(self, shop: Shop) -> None:
        first = shop.ask(shop.message(idempotency_key="order-17"))
        again = shop.ask(shop.message(idempotency_key="order-17"))

        assert first == again
        assert MessageRequest.objects.count() == 1

    def test_another_body_under_the_same_key_is_refused(self, shop: Shop) -> None:
        shop.ask(shop.message(idempotency_key="order-17"))

        status, told = shop.ask(shop.message("other@courriel.example", idempotency_key="order-17"))

        assert (status, told["error"]["code"]) == (409, "conflict")
        assert MessageRequest.objects.count() == 1

    def test_one_conflict_refuses_the_whole_call(self, shop: Shop) -> None:
        shop.ask(shop.message(idempotency_key="order-17"))
        asked = [shop.message("b@courriel.example"), shop.message("c@courriel.example", idempotency_key="order-17")]

        assert shop.ask({"messages": asked})[0] == 409
        assert MessageRequest.objects.count() == 1

    def test_a_key_in_the_header_is_that_of_the_whole_call(self, shop: Shop) -> None:
        asked = {"messages": [shop.message("a@courriel.example"), shop.message("b@courriel.example")]}
        header = {"idempotency-key": "night-1"}

        first, again = shop.ask(asked, **header), shop.ask(asked, **header)
        shorter = shop.ask({"messages": asked["messages"][:1]}, **header)

        assert first == again
        assert shorter[0] == 409
        assert MessageRequest.objects.count() == 2

    def test_keys_of_two_callers_do_not_meet(self, shop: Shop) -> None:
        other = issue_key(name="Website", scopes=list(ApiKey.Scope), per_minute=None, user=None)
        shop.ask(shop.message(idempotency_key="1"))

        response = shop.post(shop.message("b@courriel.example", idempotency_key="1"), secret=other.secret)

        assert response.status_code == 202
        assert MessageRequest.objects.count() == 2

    def test_without_a_key_each_call_is_a_message(self, shop: Shop) -> None:
        shop.ask(shop.message())
        shop.ask(shop.message())

        assert MessageRequest.objects.count() == 2


class TestTogether:
    def posts(self, shop: Shop, *bodies: bytes) -> list[Post]:
        return [Post(f"Bearer {shop.secret}", "", body) for body in bodies]

    def test_calls_of_the_same_moment_are_answered_each_for_itself(self, shop: Shop) -> None:
        good, bad = json.dumps(shop.message()).encode(), json.dumps(shop.message(to="x")).encode()
        same = json.dumps(shop.message(idempotency_key="k")).encode()
        other = json.dumps(shop.message("b@courriel.example", idempotency_key="k")).encode()

        replies = answer_all(self.posts(shop, good, bad, b"{", same, same, other), at=timezone.now())

        assert [int(reply.status) for reply in replies] == [202, 422, 400, 202, 202, 409]
        assert replies[3] == replies[4]
        assert MessageRequest.objects.count() == 2

    def test_statements_do_not_grow_with_the_calls(self, shop: Shop) -> None:
        body = json.dumps(shop.message(idempotency_key="x")).encode()
        answer_all(self.posts(shop, body), at=timezone.now())  # the use of the key is noted once a minute
        for count in (1, 30):
            bodies = [
                json.dumps(shop.message(f"{n}@courriel.example", idempotency_key=f"{count}-{n}")).encode()
                for n in range(count)
            ]
            with statements() as ran:
                answer_all(self.posts(shop, *bodies), at=timezone.now())
            assert len(ran) == 3  # keys, shelf, insert

    def test_nobody_tries_again_when_the_database_goes_away_in_the_middle(self, shop: Shop) -> None:
        """It may have been stored, and without an idempotency key a second try would be a second mail."""
        body = json.dumps(shop.message()).encode()
        with lost_at("insert into transactional_messagerequest"), pytest.raises(NotStored):
            answer_all(self.posts(shop, body, body), at=timezone.now())


def test_a_key_sends_no_more_a_minute_than_it_may(shop: Shop) -> None:
    ApiKey.objects.update(per_minute=3)
    at = datetime(2026, 11, 24, 9, 0, 48, tzinfo=UTC)
    one, two = json.dumps(shop.message()).encode(), json.dumps({"messages": [shop.message()] * 2}).encode()

    replies = answer_all([Post(f"Bearer {shop.secret}", "", body) for body in (two, two, one)], at=at)
    (later,) = answer_all([Post(f"Bearer {shop.secret}", "", two)], at=at + timedelta(minutes=1))

    assert [int(reply.status) for reply in replies] == [202, 429, 202]
    assert replies[1].headers["Retry-After"] == "12"
    assert later.status == 202
    assert MessageRequest.objects.count() == 5


def test_the_use_of_a_key_is_noted(shop: Shop) -> None:
    shop.ask(shop.message())

    assert ApiKey.objects.get(pk=shop.key.pk).last_used_at is not None


def test_ids_are_ordered_by_time_and_say_nothing_else() -> None:
    ids = [new_id() for _ in range(100)]

    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert len(set(ids)) == 100
    assert ids[0].int >> 80 <= ids[-1].int >> 80


class TestState:
    def test_a_message_that_waits_is_pending(self, shop: Shop) -> None:
        _status, told = shop.ask(shop.message())

        found = shop.state(told["id"])

        assert (found["id"], found["to"], found["state"]) == (told["id"], "camille@courriel.example", "pending")

    @pytest.mark.parametrize("name", [uuid4(), UUID(int=0)])
    def test_an_unknown_one_is_not_there(self, shop: Shop, name: UUID) -> None:
        assert shop.state(str(name))["error"]["code"] == "not_found"

    def test_another_keys_message_is_not_there(self, shop: Shop) -> None:
        _status, told = shop.ask(shop.message())
        other = issue_key(name="Website", scopes=list(ApiKey.Scope), per_minute=None, user=None)

        shop.secret = other.secret

        assert shop.state(told["id"])["error"]["code"] == "not_found"

    def test_a_key_is_needed(self, shop: Shop) -> None:
        response = shop.client.get(f"{PATH}/{uuid4()}")

        assert response.status_code == 401
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
