"""Every worker killed with SIGKILL in the middle of a campaign, then started again: who got none, who got two.

    python -m benchmarks.killed SINK [--people 100000] [--processes 2] [--kills 1]

The sink's log says what arrived; the ledger says what it believes. Leases are shortened, or the wait for them would
take a quarter of an hour each time. That all of them end at once is taken for a clock that jumped, and waited for.
"""

import argparse
import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.campaign import new_mailing, populate
from benchmarks.servers import facts, fresh_django

LISTMONK = "listmonk 6.2.0, known: 48,803 of 100,000 never written to, and the campaign says finished"
LEASE = 20  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sink")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16, help="of all processes")
    parser.add_argument("--kilobytes", type=int, default=10)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--chunking", action="store_true")
    options = parser.parse_args()
    os.environ["ENVOL_LEASE_SECONDS"] = str(LEASE)
    with fresh_django(), tempfile.TemporaryDirectory() as folder:
        binary, log = Path(folder) / "sink", Path(folder) / "accepted.tsv"
        subprocess.run(["cc", "-O2", "-o", str(binary), options.sink], check=True)
        print(facts(), flush=True)
        populate(options.people)
        _race(options, binary, log)


def _race(options: argparse.Namespace, binary: Path, log: Path) -> None:
    from delivery import dispatch
    from delivery.models import Mailing

    port = 20_000 + os.getpid() % 20_000
    with subprocess.Popen(
        [str(binary), str(port), "--log", str(log), *(["--chunking"] if options.chunking else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as sink:
        time.sleep(0.3)
        mailing, provider = new_mailing(options, port)
        dispatch.freeze(mailing, after_block=lambda: None)
        kills = [options.people * number // (options.kills + 1) for number in range(1, options.kills + 1)]
        workers: list[subprocess.Popen[str]] = []
        swept_at = 0.0
        while Mailing.objects.get(pk=mailing).state != Mailing.State.FINISHED:
            if time.monotonic() - swept_at > 1:  # as the beat does
                swept_at, due = time.monotonic(), dispatch.sweep()
                if due.providers and all(worker.poll() is not None for worker in workers):
                    workers = _workers(provider, options)
            if kills and _taken(sink) >= kills[0]:
                kills.pop(0)
                for worker in workers:
                    worker.kill()
                    worker.wait()
                print(f"killed at {_taken(sink)} messages", flush=True)
            time.sleep(0.05)
        sink.send_signal(signal.SIGTERM)
        sink.communicate()
    _print(options, mailing, log)


def _workers(provider: int, options: argparse.Namespace) -> "list[subprocess.Popen[str]]":
    each = str(options.connections // options.processes)
    command = [sys.executable, "-m", "benchmarks.campaign", "--worker", str(provider), "--connections", each]
    return [subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True) for _ in range(options.processes)]


def _taken(sink: "subprocess.Popen[str]") -> int:
    sink.send_signal(signal.SIGUSR1)
    assert sink.stdout is not None
    return int(json.loads(sink.stdout.readline())["messages"])


def _print(options: argparse.Namespace, mailing: int, log: Path) -> None:
    from delivery import ledger
    from delivery.models import Message, Outcome

    arrived = collections.Counter(line.split("\t")[1] for line in log.read_text().splitlines())
    numbers = ledger.ledger_of(mailing)
    addresses = dict(Message.objects.filter(mailing=mailing).values_list("pk", "address"))
    states = dict(Outcome.objects.filter(mailing_id=mailing).values_list("message_id", "state"))
    accepted = {addresses[pk] for pk, state in states.items() if state == Outcome.State.ACCEPTED}
    doubtful = {addresses[pk] for pk, state in states.items() if state == Outcome.State.UNKNOWN}
    never = set(addresses.values()) - set(arrived)
    print(f"\n{options.people} people, {options.processes} processes, killed {options.kills} time(s)\n")
    for words, count in (
        ("written to twice", sum(count > 1 for count in arrived.values())),
        ("never written to, and nobody is told", len(never - doubtful)),
        ("called accepted, and not written to", len(accepted - set(arrived))),
        ("in doubt: shown by name, a person or an event decides", len(doubtful)),
        ("    of them written to", len(doubtful & set(arrived))),
        ("accepted once", len(accepted & set(arrived))),
    ):
        print(f"{words:56}{count:9}")
    print(f"\nthe ledger balances: {numbers.is_balanced}; {numbers.numbers()}\n{LISTMONK}")


if __name__ == "__main__":
    main()
