"""A transactional message beside a campaign: from the call of the API to the server's yes, idle and while row 1 runs.

    python -m benchmarks.urgent SINK [--people 300000] [--messages 100] [--every 0.1]

SINK as for benchmarks.campaign. The processes are those of `make run` (web, express, beat) and a bulk worker as
benchmarks.campaign has it, all through one account with 16 connections, on a fresh PostgreSQL with the settings of
production. A message's time runs from before its call to the moment its outcome was written. Row 6 of the performance
table; the goal is a p99 of at most twice the idle one.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.campaign import new_mailing, populate
from benchmarks.doors import web_processes
from benchmarks.load import load, post
from benchmarks.servers import facts, fresh_django
from launcher import programs
from launcher.configuration import Configuration
from launcher.ports import free_port

PATIENCE = 120.0


def main() -> None:
    options = _options()
    with fresh_django(), tempfile.TemporaryDirectory() as folder:
        sink = Path(folder) / "sink"
        subprocess.run(["cc", "-O2", "-o", str(sink), options.sink], check=True)
        print(facts(), flush=True)
        populate(options.people)
        port = free_port()
        with (
            _running([str(sink), str(port)]),
            web_processes() as (web, _pid),
            _running(*_program("express")),
            _running(*_program("beat")),
        ):
            secret, template = _shop(port)
            _times(web, secret, template, count=5, every=0.5, name="warm")
            idle = _times(web, secret, template, count=options.messages, every=options.every, name="idle")
            busy = _beside_a_campaign(options, port, web, secret, template)
    print(f"{'':24}{'p50':>10}{'p99':>10}{'most':>10}")
    for name, times in (("idle", idle), ("while a campaign runs", busy)):
        shown = "".join(f"{1_000 * one:>7.0f} ms" for one in (_at(times, 0.5), _at(times, 0.99), times[-1]))
        print(f"{name:24}{shown}")
    print(f"p99 × {_at(busy, 0.99) / _at(idle, 0.99):.1f}, p50 × {_at(busy, 0.5) / _at(idle, 0.5):.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sink")
    parser.add_argument("--people", type=int, default=300_000)
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--every", type=float, default=0.1, help="seconds between two calls")
    parser.add_argument("--kilobytes", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--chunking", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


@contextlib.contextmanager
def _running(command: list[str], env: dict[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _program(name: str) -> tuple[list[str], dict[str, str]]:
    """(command, environment) of a process of `make run`."""
    chosen = Configuration("127.0.0.1", free_port(), "http://localhost", free_port(), sample=False)
    table = programs.table(chosen, Path(os.environ["ENVOL_STATE"]))
    return list(next(one for one in table if one.name == name).command), os.environ | programs.ENVIRONMENT


def _shop(port: int) -> tuple[str, int]:
    """(the API key's secret, the template's number); mail leaves through the sink."""
    from accounts.api_keys import issue_key
    from deliverability.services import ensure_sender
    from delivery.models import Provider
    from templates_app.services import create_template

    Provider.objects.update(is_default=False)
    options = {"host": "127.0.0.1", "port": port, "tls": "none"}
    Provider.objects.create(name="sink", kind="smtp", options=options, connection_count=16, is_default=True)
    ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example")
    source = (
        "<mjml><mj-head><mj-title>Votre code</mj-title></mj-head><mj-body><mj-section><mj-column>"
        "<mj-text>{{ data.code }}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    template = create_template(name="Code", source=source, language="fr", user=None)
    return issue_key(name="Site", scopes=["messages:send"], per_minute=None, user=None).secret, template.pk


def _times(web: int, secret: str, template: int, *, count: int, every: float, name: str) -> list[float]:
    """Seconds each of `count` messages took, the shortest first."""
    from delivery.models import Outcome
    from transactional.models import MessageRequest

    begun: dict[str, float] = {}
    for number in range(count):
        address = f"{name}.{number}@courriel.example"
        body = json.dumps({"to": address, "template": template, "variables": {"code": number}}).encode()
        begun[address] = time.time()
        assert load(web, [post("/api/v1/messages", body, secret=secret)], connections=1).statuses == {202: 1}
        time.sleep(max(0.0, every - (time.time() - begun[address])))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ids = dict(MessageRequest.objects.filter(address__in=begun).values_list("message_id", "address"))
        done = Outcome.objects.filter(pk__in=[pk for pk in ids if pk], state=Outcome.State.ACCEPTED)
        found = {ids[pk]: at.timestamp() for pk, at in done.values_list("pk", "at")}
        if len(found) == count:
            return sorted(found[address] - begun[address] for address in begun)
        time.sleep(0.2)
    raise SystemExit(f"{len(found)} of {count} messages arrived within {PATIENCE:.0f} seconds.")


def _beside_a_campaign(options: argparse.Namespace, port: int, web: int, secret: str, template: int) -> list[float]:
    from delivery import dispatch, ledger

    mailing, provider = new_mailing(options, port)
    dispatch.freeze(mailing, after_block=lambda: None)
    command = [sys.executable, "-m", "benchmarks.campaign", "--worker", str(provider), "--connections", "16"]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while ledger.ledger_of(mailing, with_reasons=False).accepted == 0:
            time.sleep(0.1)
        times = _times(web, secret, template, count=options.messages, every=options.every, name="busy")
        left = ledger.ledger_of(mailing, with_reasons=False).pending
        print(f"{left:,} of {options.people:,} people of the campaign were still to come at the end", flush=True)
        assert left, "the campaign was over before the messages were: more people, or fewer messages"
        return times
    finally:
        worker.terminate()
        worker.wait(60)


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(share * len(times)))]


if __name__ == "__main__":
    main()
