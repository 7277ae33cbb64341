"""What providers tell, in arrays of 1,000: stored before the answer, applied with suppressions, seen in the numbers.

    python -m benchmarks.events [--messages 20000] [--runs 3] [--connections 4]

The very processes `make run` starts as `web`, `desk` and `beat`, on a fresh PostgreSQL with the settings of production;
signed posts over loopback come from this process. Of each hundred events 90 say delivered, 8 hard bounce, 2 complaint.
Each run is a mailing of its own; the first is not counted. Row 13 of the performance table.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.doors import web_processes
from benchmarks.load import load
from benchmarks.servers import cpu_of_tree, facts, fresh_django
from launcher import programs
from launcher.configuration import Configuration
from launcher.ports import free_port

ARRAY = 1_000
LISTMONK = 1_120  # events a second, 6.2.0 on this class of machine
PATIENCE = 120.0


def main() -> None:
    options = _options()
    with fresh_django() as database:
        print(facts(), flush=True)
        with web_processes() as (port, web), _program("desk") as desk, _program("beat"):
            print(f"{'':8}{'durable':>12}{'and applied':>14}{'seen':>10}   µs CPU: web + desk + PostgreSQL + load")
            runs = [_run(options, port, (web, desk, database)) for _ in range(options.runs + 1)][1:]
    for name, rates in (("durable", [one.stored for one in runs]), ("applied", [one.applied for one in runs])):
        median, worst = statistics.median(rates), min(rates)
        print(f"{name}: {median:,.0f}/s, {median / LISTMONK:.1f} × listmonk, worst run {worst / LISTMONK:.1f} ×")


@dataclass(frozen=True)
class Run:
    """Events a second until the last answer, and until the last one was applied."""

    stored: float
    applied: float


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3, help="counted, after one that is not")
    parser.add_argument("--connections", type=int, default=4)
    return parser.parse_args()


@contextlib.contextmanager
def _program(name: str) -> Iterator[int]:
    """A process of `make run`, for the time of the block."""
    chosen = Configuration("127.0.0.1", free_port(), "http://localhost", free_port(), sample=False)
    table = programs.table(chosen, Path(os.environ["ENVOL_STATE"]))
    command = next(one for one in table if one.name == name).command
    process = subprocess.Popen(command, env=os.environ | programs.ENVIRONMENT, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:  # a beat between two ticks
            process.kill()


def _run(options: argparse.Namespace, port: int, pids: Sequence[int]) -> Run:
    from django.db import connection

    from contacts.models import Suppression
    from feedback.models import Event
    from feedback.rates import counts_of
    from tests.feedback.payloads import KINDS
    from tests.feedback.sent import send

    sent = send(options.messages, kind="sendgrid", credentials={"webhook_secret": "s", **KINDS["sendgrid"].credentials})
    with connection.cursor() as cursor:
        cursor.execute("analyze")  # as delivery does with what it has just filled
    posts = [_post(sent.provider.pk, sent.mailing.pk, part) for part in _arrays(sent.messages)]
    before, known = _cpu(pids), Suppression.objects.count()
    begun = time.perf_counter()
    assert load(port, posts, connections=options.connections).statuses == {200: len(posts)}
    stored = time.perf_counter() - begun
    end = time.monotonic() + PATIENCE
    while Event.objects.filter(applied_at=None).exists():
        assert time.monotonic() < end, "not applied in time"
        time.sleep(0.02)
    applied = time.perf_counter() - begun
    while counts_of([sent.mailing.pk]).delivered_count != sum(1 for one in sent.messages if one % 100 < 90):
        assert time.monotonic() < end, "not in the numbers in time"
        time.sleep(0.02)
    seen = time.perf_counter() - begun
    assert Event.objects.filter(mailing_id=sent.mailing.pk).count() == options.messages
    assert Suppression.objects.count() - known == sum(1 for one in sent.messages if one % 100 >= 90)
    spent = [1e6 * (after - start) / options.messages for start, after in zip(before, _cpu(pids), strict=True)]
    costs = " + ".join(f"{one:,.0f}" for one in spent)
    rates = options.messages / stored, options.messages / applied
    print(f"{'':8}{rates[0]:>10,.0f}/s{rates[1]:>12,.0f}/s{seen - stored:>8.1f} s   {costs}", flush=True)
    return Run(*rates)


def _cpu(pids: Sequence[int]) -> list[float]:
    return [*(cpu_of_tree(pid) for pid in pids), time.process_time()]


def _arrays(messages: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(messages), ARRAY):
        yield messages[start : start + ARRAY]


def _post(provider: int, mailing: int, messages: Sequence[int]) -> bytes:
    from tests.feedback.payloads import sendgrid_event, sendgrid_signature

    names = ["delivered"] * 90 + ["bounce"] * 8 + ["spamreport"] * 2
    events = [
        sendgrid_event(f"{mailing}.{message}", number=message) | {"event": names[message % 100]} for message in messages
    ]
    body = json.dumps(events).encode()
    head = [f"POST /hooks/{provider}/s/ HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    head += [f"{name}: {value}" for name, value in sendgrid_signature(body).items()]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


if __name__ == "__main__":
    main()
