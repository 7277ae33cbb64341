"""The doors in front of the pages: opens and clicks, and the API's messages, each durable before its answer.

    python -m benchmarks.doors [--hits 20000] [--messages 10000] [--runs 3]

The very process `make run` starts as `web`, on a fresh PostgreSQL with the settings of production, over loopback; the
load comes from this process. Rows 12 and 7 of the performance table. Absolute rates move with the machine and what
else it does: compare within one run, and the CPU of a request rather than requests a second where cores are shared.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.load import Load, get, load, post
from benchmarks.servers import cpu_of_tree, facts, fresh_django
from launcher import programs
from launcher.configuration import Configuration
from launcher.ports import free_port

# listmonk 6.2.0 on this class of machine, a second: pixel, link, transactional calls (in memory, not durable).
LISTMONK_PIXEL, LISTMONK_LINK, LISTMONK_CALLS = 4_055, 3_320, 1_990
BATCH = 500


def main() -> None:
    options = _options()
    with fresh_django() as database:
        print(facts(), flush=True)
        with web_processes() as (port, web):
            bench = _Bench(port, web, database, options.runs)
            _hits(bench, options.hits)
            _calls(bench, options.messages)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hits", type=int, default=20_000)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3, help="counted, after one that is not")
    return parser.parse_args()


@contextlib.contextmanager
def web_processes() -> Iterator[tuple[int, int]]:
    """(port, process id) of the web processes, as `make run` starts them."""
    port = free_port()
    chosen = Configuration("127.0.0.1", port, f"http://localhost:{port}", free_port(), sample=False)
    web = next(one for one in programs.table(chosen, Path(os.environ["ENVOL_STATE"])) if one.name == "web")
    env = os.environ | chosen.env | programs.ENVIRONMENT | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(web.command, env=env)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                if load(port, [get("/o/-.gif")], connections=1).statuses:
                    break
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


class _Bench:
    """Runs one kind of request several times and prints what it cost."""

    def __init__(self, port: int, web: int, database: int, runs: int) -> None:
        self.port, self.web, self.database, self.runs = port, web, database, runs
        print(f"{'':34}{'a second':>10}{'p50':>9}{'p99':>9}   µs CPU: web + PostgreSQL + load", flush=True)

    def row(
        self, name: str, make: Callable[[int], Sequence[bytes]], *, connections: int, each: int = 1, peer: int = 0
    ) -> None:
        """`make(run)` gives the requests of a run; `each`: what one request counts for; `peer`: listmonk's rate."""
        found: list[tuple[Load, list[float]]] = []
        for run in range(self.runs + 1):
            requests = make(run)
            before = self._cpu()
            done = load(self.port, requests, connections=connections)
            assert set(done.statuses) <= {200, 202, 302}, done.statuses
            if not run:
                _analyse()
            spent = [
                1e6 * (after - start) / (len(requests) * each) for start, after in zip(before, self._cpu(), strict=True)
            ]
            found.append((done, spent))
        runs = found[1:]
        rate = statistics.median(one.rate * each for one, _spent in runs)
        worst = min(one.rate * each for one, _spent in runs)
        p50, p99 = (statistics.median(one.percentile(share) for one, _spent in runs) for share in (0.5, 0.99))
        cpu = [statistics.median(column) for column in zip(*(spent for _one, spent in runs), strict=True)]
        note = f"   {rate / peer:.1f} × listmonk, worst run {worst / peer:.1f} ×" if peer else ""
        costs = " + ".join(f"{one:,.0f}" for one in cpu)
        print(f"{name:34}{rate:>9,.0f} {p50:>6.1f} ms {p99:>6.1f} ms   {costs}{note}", flush=True)

    def _cpu(self) -> list[float]:
        return [cpu_of_tree(self.web), cpu_of_tree(self.database), time.process_time()]


def _analyse() -> None:
    """What autovacuum does within a minute: prepared statements were planned for empty tables."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("analyze")


def _hits(bench: _Bench, count: int) -> None:
    from common.tokens import Purpose
    from feedback.models import Event
    from tests.feedback.sent import send

    sent = send(min(count, 5_000))
    sent.add_link("https://maison-verdier.example/soldes")
    positions = [number % len(sent.messages) for number in range(count)]
    pixels = [get(f"/o/{sent.token(Purpose.OPEN, position)}.gif") for position in positions]
    clicks = [get(f"/c/{sent.token(Purpose.CLICK, position, link=1)}") for position in positions]
    for connections in (16, 64, 256):
        bench.row(
            f"pixel, {connections} connections", lambda _run: pixels, connections=connections, peer=LISTMONK_PIXEL
        )
    for connections in (16, 64, 256):
        bench.row(f"link, {connections} connections", lambda _run: clicks, connections=connections, peer=LISTMONK_LINK)
    assert Event.objects.count() == 6 * (bench.runs + 1) * count


def _calls(bench: _Bench, count: int) -> None:
    from accounts.api_keys import issue_key
    from deliverability.services import ensure_sender
    from templates_app.services import create_template
    from transactional.models import MessageRequest

    ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example")
    source = (
        "<mjml><mj-head><mj-title>Votre reçu {{ data.number }}</mj-title></mj-head><mj-body><mj-section><mj-column>"
        "<mj-text>Merci, {{ data.name }} : {{ data.total }}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    template = create_template(name="Reçu", source=source, language="fr", user=None)
    secret = issue_key(name="Boutique", scopes=["messages:send"], per_minute=None, user=None).secret

    def message(run: int, number: int) -> dict[str, object]:
        variables = {"number": f"{run}-{number}", "name": "Camille", "total": "42,00 €"}
        key = f"receipt-{run}-{number}"
        return {
            "to": f"{number}@courriel.example",
            "template": template.pk,
            "variables": variables,
            "idempotency_key": key,
        }

    def ask(content: object) -> bytes:
        return post("/api/v1/messages", json.dumps(content).encode(), secret=secret)

    def singles(kind: str) -> Callable[[int], Sequence[bytes]]:
        return lambda run: [
            ask(message(run, number) | {"idempotency_key": f"{kind}-{run}-{number}"}) for number in range(count)
        ]

    def batches(run: int) -> list[bytes]:
        blocks = range(0, 2 * count, BATCH)
        return [ask({"messages": [message(run, start + number) for number in range(BATCH)]}) for start in blocks]

    for connections in (16, 64, 256):
        name = f"API, single, {connections} connections"
        bench.row(name, singles(str(connections)), connections=connections, peer=LISTMONK_CALLS)
    for connections in (1, 4):
        name = f"API, batches of {BATCH}, {connections} conn."
        bench.row(
            name,
            (lambda run, shift=connections * 1_000: batches(shift + run)),
            connections=connections,
            each=BATCH,
            peer=LISTMONK_CALLS,
        )
    assert MessageRequest.objects.count() == (bench.runs + 1) * (3 * count + 2 * len(batches(0)) * BATCH)


if __name__ == "__main__":
    main()
