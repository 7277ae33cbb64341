"""The door in front of the API: the same answers, the calls of one moment in one transaction."""

import asyncio
import json
from typing import Any

import pytest

from tests.asgi import Answered, ask
from tests.transactional.conftest import PATH, Shop
from transactional.door import RequestDoor
from transactional.models import MessageRequest

pytestmark = pytest.mark.django_db(transaction=True)


def through_the_door(shop: Shop, *bodies: bytes, **more: Any) -> tuple[list[Answered], int]:
    """(answers, groups that were stored)."""
    door, groups = RequestDoor(), 0
    store = door._posts.store

    def counted(posts: Any) -> Any:
        nonlocal groups
        groups += 1
        return store(posts)

    door._posts.store = counted
    headers = [("authorization", f"Bearer {shop.secret}"), ("content-type", "application/json")]

    async def life() -> list[Answered]:
        await door.open()
        calls = (ask(door.take, PATH, method="POST", headers=headers, body=body, **more) for body in bodies)
        told = await asyncio.gather(*calls)
        await door.close()
        return told

    return asyncio.run(life()), groups


def test_says_what_the_view_says(shop: Shop) -> None:
    bodies = [json.dumps(shop.message(idempotency_key="a")).encode(), json.dumps(shop.message(to="x")).encode(), b"{"]

    told, _groups = through_the_door(shop, *bodies)

    for body, answer in zip(bodies, told, strict=True):
        usual = shop.post(body)
        assert (answer.was_taken, answer.status, answer.body) == (True, usual.status_code, usual.content)
        assert {
            name: answer.headers[name] for name in ("content-type", "cache-control", "content-security-policy")
        } == {name: usual[name] for name in ("content-type", "cache-control", "content-security-policy")}
    assert MessageRequest.objects.count() == 1


def test_many_callers_share_a_transaction(shop: Shop) -> None:
    bodies = [json.dumps(shop.message(f"{number}@courriel.example")).encode() for number in range(60)]

    told, groups = through_the_door(shop, *bodies)

    assert {answer.status for answer in told} == {202}
    assert MessageRequest.objects.count() == 60
    assert groups <= 2


def test_a_body_without_end_is_not_read(shop: Shop) -> None:
    told, _groups = through_the_door(shop, b" " * 5_000_001)

    assert told[0].status == 413


def test_other_methods_and_addresses_are_left_to_the_views(shop: Shop) -> None:
    door = RequestDoor()

    async def life() -> None:
        assert (await ask(door.take, PATH)).was_taken is False
        assert (await ask(door.take, f"{PATH}/x", method="POST")).was_taken is False
        await door.close()

    asyncio.run(life())
