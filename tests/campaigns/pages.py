"""What the tests of the pages share: an address, the text behind it, the queries it costs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Campaign

Count = Callable[[str], int]


def url(name: str, campaign: Campaign, *more: Any) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.pk, *more])


@contextmanager
def counting() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as queries:
        yield queries


def counts_in(statements: CaptureQueriesContext) -> int:
    """How often a whole audience was counted."""
    return sum("group by reason, mx_group" in one["sql"] for one in statements)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def button(client: Client, campaign: Campaign, **more: str) -> Any:
    """Press what the review page shows."""
    context = client.get(url("review", campaign)).context
    values = {
        "when": "now",
        "seen_at": context["campaign"].updated_at.isoformat(),
        "seen_count": context["reach"].recipient_count if context["reach"] else "",
    }
    return client.post(url("send", campaign), values | more)
