"""The door in front of the pages: the same answers as the views, each stored before it is given."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from common.tokens import Purpose
from feedback import door as door_module
from feedback.door import HitDoor
from feedback.models import Event
from tests.asgi import Answered, ask, lived
from tests.feedback.sent import Sent, send

pytestmark = pytest.mark.django_db(transaction=True)
TARGET = "https://maison-verdier.example/soldes?a=1&b=2#été"
PERSONAL = "https://maison-verdier.example/{{ contact.first_name | url_encode }}"
AGENT = [("user-agent", "Thunderbird")]


@pytest.fixture
def sent(db: None) -> Sent:
    found = send(3)
    found.add_link(TARGET)
    found.add_link(PERSONAL)
    return found


def through(door: HitDoor, scenario: Callable[[], Awaitable[None]]) -> None:
    async def life() -> None:
        await door.open()
        try:
            await scenario()
        finally:
            await door.close()

    asyncio.run(life())


def plain(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("expires", "content-length")}


def test_answers_as_the_views_do_and_stores_before_it_answers(client: Client, sent: Sent) -> None:
    door = HitDoor()
    pixel, click = f"/o/{sent.token(Purpose.OPEN)}.gif", f"/c/{sent.token(Purpose.CLICK, link=1)}"
    personal = f"/c/{sent.token(Purpose.CLICK, 1, link=2)}"
    told: dict[str, Answered] = {}

    async def scenario() -> None:
        for path in (pixel, click, personal):
            told[path] = await ask(door.take, path, headers=AGENT)

    through(door, scenario)

    stored = list(Event.objects.order_by("id").values_list("kind", "message_id", "link_number", "details"))
    assert stored == [
        (Event.Kind.OPENED, sent.messages[0], None, {"agent": "Thunderbird"}),
        (Event.Kind.CLICKED, sent.messages[0], 1, {"agent": "Thunderbird"}),
        (Event.Kind.CLICKED, sent.messages[1], 2, {"agent": "Thunderbird"}),
    ]
    for path in (pixel, click, personal):
        usual = client.get(path, headers={"user-agent": "Thunderbird"})
        assert (told[path].was_taken, told[path].status) == (True, usual.status_code)
        assert told[path].body == usual.content
        assert plain(told[path].headers) == plain({name.lower(): value for name, value in usual.items()})


def test_what_is_unusual_is_left_to_the_views(sent: Sent) -> None:
    door = HitDoor()
    good = sent.token(Purpose.OPEN)

    async def scenario() -> None:
        for path in ("/o/x.gif", f"/o/{good}", f"/o/{good[:-2]}AA.gif", f"/c/{good}", f"/c/{good}.gif", "/c/"):
            assert (await ask(door.take, path)).was_taken is False
        gone = await ask(door.take, f"/c/{sent.token(Purpose.CLICK, link=9)}")
        assert (gone.was_taken, gone.status) == (False, 0)
        for method in ("HEAD", "POST"):
            assert (await ask(door.take, f"/o/{good}.gif", method=method)).was_taken is False

    through(door, scenario)
    assert not Event.objects.exists()


def test_many_at_once_are_few_transactions(sent: Sent) -> None:
    door, groups = HitDoor(), []

    def counted(*args: Any) -> Any:
        groups.append(args)
        return through_execute(*args)

    through_execute = door._hits.store
    door._hits.store = counted
    pixels = [f"/o/{sent.token(Purpose.OPEN, number % 3)}.gif" for number in range(300)]

    async def scenario() -> None:
        told = await asyncio.gather(*(ask(door.take, path) for path in pixels))
        assert {answer.status for answer in told} == {200}

    through(door, scenario)
    assert Event.objects.count() == 300
    assert len(groups) <= 3


def test_while_the_database_is_away_links_lead_on_and_a_pixel_promises_nothing(sent: Sent, monkeypatch: Any) -> None:
    door = HitDoor()
    pixel, click = f"/o/{sent.token(Purpose.OPEN)}.gif", f"/c/{sent.token(Purpose.CLICK, link=1)}"
    personal = f"/c/{sent.token(Purpose.CLICK, link=2)}"
    is_away = True
    monkeypatch.setattr(door_module, "_TRY_AGAIN", 0.05)

    def guarded(work: Any) -> Any:
        def run(items: Any) -> Any:
            if is_away:
                raise OperationalError("server closed the connection unexpectedly")
            return work(items)

        return run

    door._hits.store, door._targets.store = guarded(door._hits.store), guarded(door._targets.store)

    async def scenario() -> None:
        nonlocal is_away
        opened, clicked = await ask(door.take, pixel), await ask(door.take, click)
        assert (opened.status, opened.headers["content-type"], opened.body[:6]) == (503, "image/gif", b"GIF89a")
        assert opened.headers["retry-after"]
        assert (clicked.status, clicked.headers["location"]) == (
            302,
            "https://maison-verdier.example/soldes?a=1&b=2#%C3%A9t%C3%A9",
        )
        lost = await ask(door.take, personal)
        assert (lost.status, "location" in lost.headers, b"try again" in lost.body) == (503, False, True)
        is_away = False
        await asyncio.sleep(0.3)

    through(door, scenario)
    assert sorted(Event.objects.values_list("kind", "link_number")) == [
        (Event.Kind.OPENED, None),
        (Event.Kind.CLICKED, 1),
        (Event.Kind.CLICKED, 2),
    ]


def test_the_whole_application_has_doors_and_pages(sent: Sent) -> None:
    from config.asgi import application  # looks at the database's keys when it is made

    async def scenario() -> None:
        assert (await ask(application, f"/o/{sent.token(Purpose.OPEN)}.gif")).status == 200
        assert (await ask(application, "/o/x.gif")).body[:6] == b"GIF89a"
        page = await ask(application, "/accounts/login/")
        assert (page.status, b"<html" in page.body) == (200, True)
        assert (await ask(application, "/o/x.gif", method="HEAD")).status == 200

    asyncio.run(lived(application, scenario))
    assert Event.objects.count() == 1
