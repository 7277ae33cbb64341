"""What is kept, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catcher import services
from catcher.models import CaughtMessage
from catcher.services import Incoming, empty_inbox, prune, store

pytestmark = pytest.mark.django_db


def keep(count: int) -> None:
    store([Incoming(mail_from="a@x.example", recipients=("b@x.example",), source=b"Subject: x\r\n\r\n")] * count)


def test_prune_keeps_the_last_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "KEEP_COUNT", 3)
    keep(5)
    last = list(CaughtMessage.objects.order_by("-pk").values_list("pk", flat=True)[:3])

    assert prune(now=timezone.now()) == 2
    assert list(CaughtMessage.objects.order_by("-pk").values_list("pk", flat=True)) == last


def test_prune_forgets_what_is_old() -> None:
    keep(2)

    assert prune(now=timezone.now() + services.KEEP_FOR + timedelta(hours=1)) == 2


def test_prune_of_an_empty_inbox_does_nothing() -> None:
    assert prune(now=timezone.now()) == 0


def test_nul_and_long_addresses_can_be_stored() -> None:
    store([Incoming(mail_from="a\x00@x", recipients=("é" * 400,), source=b"Subject: \x00\r\n\r\n")])

    assert len(CaughtMessage.objects.get().rcpt_to) == 320


def test_empty_inbox_says_how_many_there_were() -> None:
    keep(2)

    assert empty_inbox() == 2
    assert not CaughtMessage.objects.exists()
