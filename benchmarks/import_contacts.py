"""A contact file in, the same again, then the tables of all of them: rows 8, 9 and 16 of the performance table.

    python -m benchmarks.import_contacts [FILE] [--rows 1000000]

Without FILE a file of six columns is made. On a fresh PostgreSQL with the settings of production; the file is read,
checked, deduplicated, merged with consent and subscription, and analysed before the clock stops. CPU a row is the
better figure where other work shares the cores.
"""

import argparse
import csv
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.servers import cpu_of_tree, facts, fresh_django

# listmonk 6.2.0 on this class of machine: rows a second; ms of the table's first page and of a search by address
LISTMONK = {"new": 3_500, "again": 2_670, "page": 128.0, "search": 1_680.0}
FIRST = ["Camille", "Zoé", "Léa", "Noël", "Jérôme", "Inès", "Chloé", "Françoise", "Maël", "Anaïs", "José", "Émile"]
LAST = ["Martin", "Lefèvre", "Dubois", "Müller", "García", "Nguyen", "Kowalski", "Benoît", "Haddad", "Petit", "Roux"]
CITIES = ["Lyon", "Paris", "Nantes", "Lille", "Marseille", "Genève", "Bruxelles", "Montréal"]
DOMAINS = ("gmail.com", "orange.fr", "yahoo.fr", "outlook.com", "free.fr", "laposte.net", "atelier-{}.example")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fresh_django() as database:
        path = options.file or _make_file(Path(folder) / "people.csv", options.rows)
        print(facts(), flush=True)
        print(f"{path.stat().st_size / 1e6:.0f} MB\n\n{'':18}{'rows/s':>10}{'app µs':>9}{'PostgreSQL µs':>15}{'MB':>7}")
        for name in ("new", "again"):
            _print_import(name, path, database)
        _print_pages()


def _make_file(path: Path, rows: int) -> Path:
    chance = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "first_name", "last_name", "city", "plan", "language"])
        for number in range(rows):
            domain = chance.choice(DOMAINS).format(chance.randrange(500))
            address = f"person{number}.{chance.randrange(10**6)}@{domain}"
            plan, language = chance.choice(("free", "pro", "team")), chance.choice(("fr", "en"))
            writer.writerow([address, chance.choice(FIRST), chance.choice(LAST), chance.choice(CITIES), plan, language])
    return path


def _print_import(name: str, path: Path, database: int) -> None:
    began, app, server = time.perf_counter(), time.process_time(), cpu_of_tree(database)
    job = _import(path)
    seconds = time.perf_counter() - began
    rows = job.row_count
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{f'{name} ({rows:,})':18}{rows / seconds:10,.0f}{(time.process_time() - app) / rows * 1e6:9.1f}"
        f"{(cpu_of_tree(database) - server) / rows * 1e6:15.1f}{memory:7.0f}"
        f"  listmonk {LISTMONK[name]:,}/s: × {rows / seconds / LISTMONK[name]:.1f}",
        flush=True,
    )


def _import(path: Path) -> Any:
    from django.core.files import File

    from contacts.imports import match_columns, open_file, run_import, start_import, state_consent
    from contacts.models import ContactList

    with path.open("rb") as file:
        job, _facts = open_file(file=File(file), file_name=path.name, user=None)
    match_columns(job=job, mapping=job.mapping)
    contact_list, _made = ContactList.objects.get_or_create(name="Newsletter")
    state_consent(job=job, contact_list=contact_list, consent_source="benchmark", tracking_consent=0)
    start_import(job=job)
    done = run_import(job.pk)
    assert done is not None
    assert done.state == "done", done.error
    return done


def _print_pages() -> None:
    from django.conf import settings
    from django.test import Client

    from accounts.models import Organisation, User
    from contacts.audience import Audience, preview
    from contacts.models import Contact, ContactList

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    from django.utils import timezone

    Organisation.objects.update_or_create(pk=1, defaults={"name": "B", "address": "B", "set_up_at": timezone.now()})
    client = Client(headers={"host": "localhost"})
    user = User.objects.create_superuser("a@b.example", "x")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    middle = Contact.objects.order_by("pk")[Contact.objects.count() // 2].address_key
    audience = Audience(lists=tuple(ContactList.objects.values_list("pk", flat=True)))
    print(f"\n{'':34}{'p50 ms':>9}{'p95 ms':>9}")
    _print_page("table, first page", lambda: client.get("/contacts/"), LISTMONK["page"])
    _print_page("search by address", lambda: client.get("/contacts/", {"q": middle}), LISTMONK["search"])
    _print_page("search by words of a name", lambda: client.get("/contacts/", {"q": "lefevre zo"}))
    _print_page("search, nobody", lambda: client.get("/contacts/", {"q": "zzzzzz"}))
    _print_page("by name", lambda: client.get("/contacts/?sort=name"))
    _print_page("one list, reachable", lambda: client.get(f"/contacts/?list={audience.lists[0]}&state=mailable"))
    _print_page("unsubscribed (nobody)", lambda: client.get("/contacts/?state=left"))
    _print_page("suppressed (nobody)", lambda: client.get("/contacts/?state=suppressed"))
    _print_page("lists with counts", lambda: client.get("/contacts/lists/"))
    _print_page("audience preview", lambda: preview(audience, reaches_samples=True))


def _print_page(name: str, ask: Callable[[], Any], known: float | None = None) -> None:
    times = []
    for _turn in range(21):
        began = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - began) * 1000)
        assert getattr(answer, "status_code", 200) == 200
    times = sorted(times[1:])
    p95 = times[int(len(times) * 0.95) - 1]
    beside = f"  listmonk {known:,.0f} ms: × {known / p95:.1f}" if known else ""
    print(f"{name:34}{statistics.median(times):9.1f}{p95:9.1f}{beside}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("ENVOL_LOG_LEVEL", "WARNING")
    main()
