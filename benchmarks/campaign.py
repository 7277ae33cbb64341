"""A campaign from frozen to accepted, the ledger on: sending, row by row of what is measured against other platforms.

    python -m benchmarks.campaign SINK [--people 100000] [--kilobytes 10] [--rtt 0] [--chunking] [--runs 3] …
    python -m benchmarks.campaign SINK --processes 2                                        the rate of two cores
    python -m benchmarks.campaign SINK --kilobytes 50                                       large messages
    python -m benchmarks.campaign SINK --rtt 20 --connections 20 [--chunking] --people 20000   a server far away

SINK is the C source of a fast SMTP sink that speaks --chunking, --rtt and prints its counters as JSON on SIGTERM.
Every message: the HTML and a text part, three personal values in the body and one in the subject, five personal
tracked links, pixel, unsubscribe headers, an own Message-ID and Date; a hundredth of them are read by a parser, and all
envelopes are counted. Absolute rates move with the machine: compare
within one run, and CPU a message rather than messages a second where other work shares the cores.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import samples
from benchmarks.servers import cpu_of_tree, facts, fresh_django

# listmonk 6.2.0 on this class of machine, its best setting: messages a second, µs of application and PostgreSQL.
LISTMONK = {(10, 0.0): (3940, 347, 18), (50, 0.0): (1330, 1113, 23), (10, 20.0): (191, 347, 18)}


@dataclass
class Cost:
    """One run: messages a second at the sink, and µs of CPU a message."""

    rate: float
    app: float
    database: float
    sink: float
    memory: int  # kB of the largest worker
    freeze: float  # seconds of the snapshot


def main() -> None:
    options = _options()
    if options.worker:
        return _work(options.worker, options.connections)
    with fresh_django() as database, tempfile.TemporaryDirectory() as folder:
        sink = Path(folder) / "sink"
        subprocess.run(["cc", "-O2", "-o", str(sink), options.sink], check=True)
        print(facts(), flush=True)
        populate(options.people)
        ordinary = _ordinary(options) if options.ordinary else None
        costs = [_run(options, sink, database, number) for number in range(options.runs + 1)][1:]
    _print(options, costs, ordinary)
    return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sink", nargs="?")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--kilobytes", type=int, default=10)
    parser.add_argument("--rtt", type=float, default=0.0, help="milliseconds")
    parser.add_argument("--chunking", action="store_true")
    parser.add_argument("--connections", type=int, default=16, help="of all processes")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3, help="counted, after one that is not")
    parser.add_argument("--ordinary", type=int, default=2000, help="messages of the ordinary Django way; 0 = none")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _work(provider: int, connections: int) -> None:
    """One worker process: the very call a Celery task makes."""
    import django

    django.setup()
    from delivery.dispatch import work_provider

    before = resource.getrusage(resource.RUSAGE_SELF)
    if profile := os.environ.get("ENVOL_BENCH_PROFILE"):
        import cProfile

        profiler = cProfile.Profile()
        profiler.runcall(work_provider, provider, connections=connections, shift=1e9)
        profiler.dump_stats(profile)
    else:
        work_provider(provider, connections=connections, shift=1e9)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    # The worker of a real installation has started long before: its start is not a cost of a message.
    cpu = spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu": cpu, "memory": spent.ru_maxrss}))


def populate(people: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Organisation
    from contacts.models import ContactList

    identity = {"name": "Maison Verdier", "address": "12 rue Mercière, 69002 Lyon", "set_up_at": timezone.now()}
    Organisation.objects.update_or_create(pk=1, defaults=identity)
    clients = ContactList.objects.create(name="Clients")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_contact (address, address_key, sort_key, first_name, last_name, open_consent, "
            "click_consent, mx_group) select a, a, a, 'Zoé', 'Lefèvre', 1, 1, n %% 9 from (select n, 'person' || n || "
            "'@client' || n %% 500 || '.example' a from generate_series(1, %s) n) x",
            [people],
        )
        cursor.execute(
            "insert into contacts_subscription (contact_id, contact_list_id) select id, %s from contacts_contact",
            [clients.pk],
        )
        cursor.execute("vacuum analyze contacts_contact, contacts_subscription")


def _html(kilobytes: int) -> str:
    """HTML of about so many kilobytes, a fifth of it words, as mail is."""
    from templates_app.rendering import compile_source

    dividers, html = 0, ""
    while len(html) < kilobytes * 1000:
        html, dividers = compile_source(source_of(dividers)).html, dividers + 1
    return html


def source_of(dividers: int) -> str:
    words = "Des draps de lin lavé, tissés dans le Nord et cousus à Lyon, qui adoucissent à chaque lessive. " * 3
    blocks = "".join(
        f'<mj-text>{words}</mj-text><mj-button href="https://maison-verdier.example/lin/{n}?a=1">Voir {n}</mj-button>'
        for n in range(5)
    )
    return (
        '<mjml><mj-body><mj-section><mj-column><mj-text>Bonjour {{ contact.first_name | default: "vous" }} '
        f"{{{{ contact.last_name }}}}, liste {{{{ list.name }}}}</mj-text>{blocks}{'<mj-divider />' * dividers}"
        '<mj-text>{{ organisation.name }}, {{ organisation.address }} <a href="{{ unsubscribe_url }}">Se désabonner</a>'
        "</mj-text></mj-column></mj-section></mj-body></mjml>"
    )


def new_mailing(options: argparse.Namespace, port: int) -> tuple[int, int]:
    """(mailing, provider) planned and begun."""
    from django.utils import timezone

    from contacts.audience import Audience
    from contacts.models import ContactList
    from delivery import dispatch
    from delivery.models import Provider
    from delivery.services import ContentOrder, MailingOrder, plan_mailing

    provider, _ = Provider.objects.update_or_create(
        name="sink",
        defaults={
            "options": {"host": "127.0.0.1", "port": port, "tls": "none", "per_connection": 10**9},
            "connection_count": options.connections,
            "wire": {"has_proven": True} if options.chunking else {},
        },
    )
    content = ContentOrder(
        subject="{{ contact.first_name }}, le lin lavé est à −40 %",
        html=_html(options.kilobytes),
        sender_name="Maison Verdier",
        sender_address="bonjour@maison-verdier.example",
    )
    clients = ContactList.objects.get()
    mailing = plan_mailing(
        MailingOrder("Lin", Audience(lists=(clients.pk,)), provider, (content,), starts_at=timezone.now())
    )
    dispatch.start_due()
    return mailing.pk, provider.pk


def _run(options: argparse.Namespace, binary: Path, database: int, number: int) -> Cost:
    from delivery import dispatch, ledger
    from delivery.models import Mailing

    port = 20_000 + os.getpid() % 20_000 + number
    folder = binary.parent / f"sample{number}"
    folder.mkdir()
    arguments = [str(binary), str(port), *(["--chunking"] if options.chunking else []), "--rtt", str(options.rtt)]
    arguments += ["--sample-dir", str(folder), "--sample-every", "100"]
    sink = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    time.sleep(0.3)
    mailing, provider = new_mailing(options, port)
    begun = time.monotonic()
    dispatch.freeze(mailing, after_block=lambda: None)
    frozen = time.monotonic() - begun
    before = cpu_of_tree(database)
    each = options.connections // options.processes
    command = [sys.executable, "-m", "benchmarks.campaign", "--worker", str(provider), "--connections", str(each)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(options.processes)]
    told = [json.loads(worker.communicate()[0]) for worker in workers]
    in_database = cpu_of_tree(database) - before
    dispatch.sweep()
    sink.send_signal(signal.SIGTERM)
    counters = json.loads(sink.communicate()[0].splitlines()[-1])
    numbers = ledger.ledger_of(mailing)
    people = options.people
    assert counters["distinct"] == counters["messages"] == numbers.accepted == people, (counters, numbers)
    assert numbers.is_balanced and Mailing.objects.get(pk=mailing).state == Mailing.State.FINISHED
    read = samples.check(folder)
    cost = Cost(
        rate=counters["rate"],
        app=sum(worker["cpu"] for worker in told) / people * 1e6,
        database=in_database / people * 1e6,
        sink=counters["sink_cpu_s"] / people * 1e6,
        memory=max(worker["memory"] for worker in told),
        freeze=frozen,
    )
    print(cost, counters["bytes"] // people, "octets a message;", read, "read by a parser", flush=True)
    return cost


def _ordinary(options: argparse.Namespace) -> float:
    """µs a message made with EmailMultiAlternatives, as most Django projects do; sending is not included."""
    from benchmarks.skeleton import ordinary_cost

    return ordinary_cost(options.ordinary)


def _print(options: argparse.Namespace, costs: list[Cost], ordinary: float | None) -> None:
    def middle(name: str) -> float:
        return statistics.median(getattr(cost, name) for cost in costs)

    worst = {"rate": min(cost.rate for cost in costs)}
    worst |= {name: max(getattr(cost, name) for cost in costs) for name in ("app", "database", "sink", "memory")}
    median = {name: middle(name) for name in worst}
    print(
        f"\n{options.people} people, {options.kilobytes} kB, {options.connections} connections, rtt {options.rtt} ms,"
    )
    print(f"{options.processes} process(es), chunking {options.chunking}; median of {len(costs)} runs\n")
    print(f"{'':24}{'messages/s':>12}{'app µs':>9}{'PostgreSQL µs':>15}{'sink µs':>9}{'MB':>7}")
    for name, row in (("Envol", median), ("Envol, worst run", worst)):
        print(
            f"{name:24}{row['rate']:12.0f}{row['app']:9.1f}{row['database']:15.1f}{row['sink']:9.1f}"
            f"{row['memory'] / 1024:7.0f}"
        )
    if known := LISTMONK.get((options.kilobytes, options.rtt)):
        rate, app, database = known
        print(f"{'listmonk 6.2.0, known':24}{rate:12.0f}{app:9.1f}{database:15.1f}")
        cpu = (app + database) / (median["app"] + median["database"])
        print(f"\nrate × {median['rate'] / rate:.1f}, CPU 1/{cpu:.1f}; snapshot {middle('freeze'):.1f} s")
    if ordinary:
        print(f"the ordinary Django way: {ordinary:.0f} µs a message before it is sent")


if __name__ == "__main__":
    main()
