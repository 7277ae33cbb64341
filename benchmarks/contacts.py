"""The contact table at a million: row 16 of the performance table, and every kind of filter.

    python -m benchmarks.contacts [--rows 1000000]

Made-up people are written by SQL on a fresh PostgreSQL with the settings of production; six fields are indexed, and
the search filled, as the workers do it. A page is the whole request: sign-in, middleware, statements, template. A
filter is its first fifty people; beside it the exact count, which no page waits for. CPU is of this process and the
server together: the better figure where other work shares the cores.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.servers import cpu_of_tree, facts, fresh_django

# listmonk 6.2.0 on this class of machine: ms of the table's first page, and of a search by address
LISTMONK = {"page": 128.0, "search": 1_680.0}
TURNS = 21

FILL = """
insert into contacts_contact
    (address, address_key, sort_key, first_name, last_name, language, mx_group, fields, created_at)
select address, address, lower(last_name || ' ' || first_name), first_name, last_name,
    case when i %% 3 = 0 then 'en' else 'fr' end, i %% 6,
    jsonb_build_object(
        '1', (array['Lyon', 'Paris', 'Nantes', 'Lille', 'Marseille', 'Genève', 'Bruxelles', 'Pau'])[1 + i * 7919 %% 8],
        '2', (array['free', 'pro', 'team'])[1 + i %% 3], '3', i * 31 %% 200,
        '4', (date '2023-01-01' + (i %% 1400)::int)::text,
        '5', i %% 33 = 0, '6', to_jsonb((array['lin', 'laine', 'coton', 'soie', 'cuir'])[1 + i %% 4 : 2 + i %% 4])),
    now() - (%(rows)s - i) * interval '1 minute'
from (
    select i, first_name, last_name, lower(first_name) || '.' || lower(last_name) || i || '@'
        || (array['gmail.com', 'orange.fr', 'yahoo.fr', 'outlook.com', 'free.fr', 'moulin.example'])[1 + i * 7 %% 6]
        address
    from generate_series(1, %(rows)s::bigint) i,
        lateral (select (array['Camille', 'Zoe', 'Lea', 'Noel', 'Ines', 'Chloe', 'Mael', 'Jose'])[1 + i * 13 %% 8],
            (array['Martin', 'Lefevre', 'Dubois', 'Muller', 'Garcia', 'Nguyen', 'Petit', 'Roux'])[1 + i * 17 / 8 %% 8]
            || case when i %% 3 = 0 then (i %% 997)::text else '' end) n (first_name, last_name)
) people;
insert into contacts_subscription (contact_id, contact_list_id, state)
select c.id, l.id, case when c.id %% 20 = 0 then 2 else 1 end from contacts_contact c, contacts_contactlist l
where l.name = 'Newsletter' or (l.name = 'Rare' and c.id %% 50000 = 1);
insert into contacts_contacttag (tag_id, contact_id)
select t.id, c.id from contacts_contact c, contacts_tag t
where (t.name = 'Shop' and c.id %% 3 = 0) or (t.name = 'Rare' and c.id %% 100000 = 7);
insert into contacts_engagement (contact_id, last_opened_on, last_clicked_at)
select id, case when id %% 5 < 2 then current_date - (id %% 300)::int end,
    case when id %% 7 = 0 then now() - (id %% 300) * interval '1 day' end from contacts_contact;
insert into contacts_suppression (address_key, reason, scope, origin)
select address_key, case when id %% 200 = 0 then 23 else 21 end, 0, 'x' from contacts_contact where id %% 50 = 0;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with fresh_django() as database:
        print(facts(), flush=True)
        fields = _fill(options.rows)
        _print_pages(options.rows, database)
        _print_filters(fields, database)


def _fill(rows: int) -> dict[str, str]:
    from django.db import connection

    from contacts.field_indexes import tend_indexes
    from contacts.models import ContactField, ContactList, Tag
    from contacts.search import catch_up

    kinds = ("text", "choice", "number", "date", "boolean", "choices")
    for kind in kinds:
        options = ["free", "pro", "team"] if kind == "choice" else []
        ContactField.objects.create(key=kind, label=kind, kind=kind, options=options, speed="waiting")
    for name in ("Newsletter", "Rare"):
        ContactList.objects.create(name=name)
    for name in ("Shop", "Rare"):
        Tag.objects.create(name=name)
    fields = {row.kind: f"field:{row.pk}" for row in ContactField.objects.all()}
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"rows": rows})
        for table in ("contact", "subscription", "contacttag", "engagement", "suppression"):
            cursor.execute(f"vacuum analyze contacts_{table}")
    for name, work in (("search filled", catch_up), ("fields indexed", tend_indexes)):
        began = time.perf_counter()
        work()
        print(f"{name} in {time.perf_counter() - began:.0f} s", flush=True)
    return fields


def _print_pages(rows: int, database: int) -> None:
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from accounts.models import Organisation, User
    from contacts.models import Contact

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    Organisation.objects.update_or_create(pk=1, defaults={"name": "B", "address": "B", "set_up_at": timezone.now()})
    client = Client(headers={"host": "localhost"})
    user = User.objects.create_superuser("a@b.example", "x")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    middle = Contact.objects.get(pk=rows // 2)
    part = middle.address_key.partition("@")[0][3:]
    print(f"\n{'page':42}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}")
    for name, query, known in (
        ("table, first page", {}, "page"),
        ("table, by name", {"sort": "name"}, ""),
        ("search by address", {"q": middle.address_key}, "search"),
        ("search by the middle of an address", {"q": part}, "search"),
        ("search by words of a name", {"q": "roux cam"}, ""),
        ("search, nobody", {"q": "zzzzzz"}, ""),
        ("one list, reachable, French", {"f": ["list~on~1", "state~any~mailable", "language~any~fr"]}, ""),
    ):
        _print_times(name, lambda query=query: client.get("/contacts/", query), database, LISTMONK.get(known))
    _print_times("lists", lambda: client.get("/contacts/lists/"), database)
    _print_times("tags", lambda: client.get("/contacts/tags/"), database)


def _print_filters(fields: dict[str, str], database: int) -> None:
    from django.utils import timezone

    from contacts.filters import people

    print(f"\n{'filter, first fifty people':42}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'found':>10}{'count ms':>10}")
    for name, tree in _trees(fields):
        everyone = people(tree, now=timezone.now())
        began = time.perf_counter()
        number = everyone.count()
        counted = (time.perf_counter() - began) * 1000
        _print_times(
            name, lambda e=everyone: list(e.order_by("-pk")[:51]), database, more=f"{number:10,}{counted:10.0f}"
        )


def _trees(fields: dict[str, str]) -> Iterator[tuple[str, Any]]:
    from contacts.filters import Group, Rule
    from contacts.models import ContactList, Tag

    rare_list = str(ContactList.objects.get(name="Rare").pk)
    shop, rare_tag = (str(Tag.objects.get(name=name).pk) for name in ("Shop", "Rare"))
    rules = {
        "on a list": ("list", "on", "1"),
        "on a rare list": ("list", "on", rare_list),
        "left a list": ("list", "left", "1"),
        "carries a tag": ("tag", "any", shop),
        "carries a rare tag": ("tag", "any", rare_tag),
        "reachable": ("state", "any", "mailable"),
        "unsubscribed": ("state", "any", "left"),
        "complained": ("suppressed", "any", "23"),
        "a language nobody reads": ("language", "any", ""),
        "a consent nobody gave": ("clicks", "any", "2"),
        "a mailbox nobody has": ("provider", "any", "25"),
        "changed, nobody": ("changed", "since", "2099-01-01"),
        "first name, nobody": ("first_name", "is", "Zzyzx"),
        "on no list, nobody": ("state", "any", "nowhere"),
        "clicked in 30 days": ("clicked", "last", "30"),
        "never opened": ("opened", "never"),
        "added long ago": ("created", "older", "600"),
        "address ends with": ("address", "ends", "@moulin.example"),
        "last name begins with": ("last_name", "begins", "Lefevre99"),
        "text is": (fields["text"], "is", "Pau"),
        "text contains, nobody": (fields["text"], "contains", "zzz"),
        "number more than": (fields["number"], "more", "195"),
        "date before": (fields["date"], "before", "2023-01-10"),
        "yes": (fields["boolean"], "yes"),
        "one of several choices": (fields["choices"], "any", "cuir"),
    }
    for name, (subject, operator, *value) in rules.items():
        yield name, Group("all", (Rule(subject, operator, tuple(value)),))
    three = [rules["text is"], rules["number more than"], rules["clicked in 30 days"]]
    yield "three rules", Group("all", tuple(Rule(s, o, tuple(v)) for s, o, *v in three))


def _print_times(name: str, ask: Callable[[], Any], database: int, known: float | None = None, more: str = "") -> None:
    ask()
    times, app, server = [], time.process_time(), cpu_of_tree(database)
    for _turn in range(TURNS):
        began = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - began) * 1000)
        assert getattr(answer, "status_code", 200) == 200
    cpu = (time.process_time() - app + cpu_of_tree(database) - server) / TURNS * 1000
    p95 = sorted(times)[int(TURNS * 0.95) - 1]
    beside = f"  listmonk {known:,.0f} ms: × {known / p95:.1f}" if known else ""
    print(f"{name:42}{statistics.median(times):9.1f}{p95:9.1f}{cpu:9.1f}{more}{beside}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("ENVOL_LOG_LEVEL", "WARNING")
    main()
