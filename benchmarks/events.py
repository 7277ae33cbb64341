"""What an event costs on its way in: webhooks in arrays of 1,000, applied; opens and clicks, one by one and together.

    python -m benchmarks.events [messages]

In a database of its own beside the one DATABASE_URL names, dropped afterwards. The whole request goes through Django
(middleware, signature, parsing, store), without a network. Every event is committed before its answer; whether the
server makes that durable is its own setting, printed below. CPU is ours + the server's. Rows 12 and 13 of the
performance table.
"""

import gc
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from time import perf_counter, process_time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.test_settings"
os.environ["ENVOL_LOG_LEVEL"] = "WARNING"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from common.tokens import Purpose  # noqa: E402
from contacts.models import Suppression  # noqa: E402
from feedback.applying import apply_pending  # noqa: E402
from feedback.hits import Hit, store_hits  # noqa: E402
from feedback.models import Event  # noqa: E402
from feedback.rollups import roll_up  # noqa: E402
from tests.database import cloned_database  # noqa: E402
from tests.feedback.payloads import KINDS, Post, sendgrid_event, sendgrid_signature  # noqa: E402
from tests.feedback.sent import Sent, send  # noqa: E402

ARRAY = 1_000
LISTMONK_WEBHOOKS, LISTMONK_PIXEL = 1_120, 4_055  # events and hits a second, measured on this class of machine


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with cloned_database():
        sent = send(count, kind="sendgrid", credentials={"webhook_secret": "s", **KINDS["sendgrid"].credentials})
        sent.add_link("https://maison-verdier.example/soldes")
        with connection.cursor() as cursor:
            cursor.execute("analyze")
        gc.collect()
        gc.freeze()  # as config/asgi.py does
        _facts(count)
        _webhooks(sent)
        _hits(sent, min(count, 3_000))


def _facts(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select version(), current_setting('fsync'), current_setting('synchronous_commit')")
        version, fsync, commit = cursor.fetchone()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {count:,} messages")
    print(f"{version.partition(' on ')[0]}, fsync {fsync}, synchronous_commit {commit}\n")


def _webhooks(sent: Sent) -> None:
    """Of each hundred: 90 delivered, 8 hard bounces, 2 complaints."""
    names = ["delivered"] * 90 + ["bounce"] * 8 + ["spamreport"] * 2
    posts = []
    for start in range(0, len(sent.messages), ARRAY):
        events = [
            sendgrid_event(f"{sent.mailing.pk}.{message}", number=message) | {"event": names[message % 100]}
            for message in sent.messages[start : start + ARRAY]
        ]
        body = json.dumps(events).encode()
        posts.append(Post(body, headers=sendgrid_signature(body)))
    client = Client(SERVER_NAME="localhost")
    path = f"/hooks/{sent.provider.pk}/s/"
    events = len(sent.messages)
    stored = _spent(lambda: [client.post(path, **post.arguments) for post in posts])
    applied = _spent(apply_pending)
    rolled = _spent(lambda: roll_up([sent.mailing.pk]))
    both = Spent(*(one + other for one, other in zip(astuple(stored), astuple(applied), strict=True)))
    assert Event.objects.filter(applied_at=None).count() == 0
    assert Suppression.objects.count() == sum(1 for message in sent.messages if message % 100 >= 90)
    _row("webhooks stored", stored, events)
    _row("… applied, suppressions too", applied, events)
    _row("… both", both, events, LISTMONK_WEBHOOKS)
    _row("rolled up, the whole mailing", rolled, events)


def _hits(sent: Sent, count: int) -> None:
    client = Client(SERVER_NAME="localhost")
    pixels = [f"/o/{sent.token(Purpose.OPEN, number)}.gif" for number in range(count)]
    clicks = [f"/c/{sent.token(Purpose.CLICK, number, link=1)}" for number in range(count)]
    now = timezone.now()
    hits = [Hit(Event.Kind.OPENED, sent.mailing.pk, sent.messages[number], now) for number in range(count)]
    _row("pixel, one commit a hit", _spent(lambda: [client.get(path) for path in pixels]), count, LISTMONK_PIXEL)
    _row("link, one commit a hit", _spent(lambda: [client.get(path) for path in clicks]), count)
    for size in (1, 20, 100):
        spent = _spent(lambda size=size: [store_hits(hits[at : at + size]) for at in range(0, count, size)])
        _row(f"store_hits, {size} together", spent, count)
    _row("hits applied", _spent(apply_pending), 3 * count)


@dataclass(frozen=True)
class Spent:
    """Seconds: on the clock, of this process's CPU, of its server process's CPU."""

    clock: float
    ours: float
    server: float


def _spent(work: Callable[[], object]) -> Spent:
    clock, ours, server = perf_counter(), process_time(), _server_cpu()
    work()
    return Spent(perf_counter() - clock, process_time() - ours, _server_cpu() - server)


def _server_cpu() -> float:
    """CPU seconds of the PostgreSQL process behind our connection, where it runs on this machine; else 0."""
    connection.ensure_connection()
    try:
        fields = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _row(name: str, spent: Spent, count: int, peer: int = 0) -> None:
    rate = count / spent.clock
    note = f"{rate / peer:.1f} × listmonk" if peer else ""
    ours, server = 1e6 * spent.ours / count, 1e6 * spent.server / count
    print(f"{name:32}{rate:10,.0f}/s{ours:9,.0f} + {server:,.0f} µs CPU   {note}")


if __name__ == "__main__":
    main()
