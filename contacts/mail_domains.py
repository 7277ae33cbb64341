"""Company domains grouped by who takes their mail, so that limits, waves and warm-ups know them.

Found among contacts after imports and each night, asked of the DNS in batches by a task, written to contacts in
blocks. Until a domain was asked its people count as "others": nothing waits for the DNS.
"""

import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import dns.resolver
import structlog
from django.db import connection, transaction
from django.db.models import Max

from common.sql import load_sql
from contacts import name_servers
from contacts.mailbox_providers import OTHERS, group_of, group_of_hosts
from contacts.models import Contact, MailDomain

log = structlog.get_logger(__name__)
Answer = MailDomain.Answer

AT_ONCE = 16  # questions in flight
BATCH = 200  # domains between two looks at the clock
BLOCK = 50_000  # contacts written at once
# How long an answer is kept: servers move rarely; a domain that is not there may be tomorrow; a failure passes.
KEPT = {
    Answer.SERVERS: timedelta(days=14),
    Answer.NONE: timedelta(days=3),
    Answer.REFUSES: timedelta(days=3),
}
# Names kept for examples, tests and machines without one (RFC 2606, RFC 6761, RFC 6762): nobody's to ask for.
RESERVED = r"(^|\.)(example|test|invalid|localhost|local|example\.(com|net|org))$"
RETRY, LONGEST = timedelta(hours=1), timedelta(days=2)


def group_for(domain: str) -> int:
    """The mailbox provider of a domain as far as it is known here; an unknown one is noted, to be asked for."""
    if known := group_of(domain):
        return known
    if re.search(RESERVED, domain):
        return OTHERS
    row, _is_new = MailDomain.objects.get_or_create(name=domain[:253])
    return row.mx_group


def find_new() -> int:
    """Note the domains of contacts that nobody has looked up; how many. One pass: a million contacts in two seconds."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("contacts", "find_mail_domains"), {"reserved": RESERVED})
        return int(cursor.rowcount)


def look_up(*, now: datetime, most: int = 20_000, within: timedelta = timedelta(seconds=40)) -> int:
    """Ask for the domains that are due, so many at once and no longer than `within`; how many were asked."""
    try:
        ask = name_servers.resolver()
    except dns.resolver.NoResolverConfiguration:
        log.warning("no_nameserver")
        return 0
    asked, end = 0, time.monotonic() + within.total_seconds()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dns") as pool:
        while asked < most and time.monotonic() < end:
            due = list(MailDomain.objects.filter(due_at__lte=now).order_by("due_at")[: min(BATCH, most - asked)])
            if not due:
                break
            found = list(pool.map(lambda row: name_servers.mail_servers(row.name, ask=ask), due))
            for row, answer in zip(due, found, strict=True):
                _take_in(row, answer, now)
            _store(due)
            asked += len(due)
            if all(answer.answer == Answer.FAILED for answer in found):
                log.warning("nameserver_silent", asked=len(due))
                break
    return asked


def _take_in(row: MailDomain, found: name_servers.Found, now: datetime) -> None:
    row.answer, row.asked_at = found.answer, now
    if found.answer == Answer.FAILED:
        row.due_at = now + min(LONGEST, RETRY * 2 ** min(row.failure_count, 10))
        row.failure_count += 1
        return
    group = group_of_hosts(found.hosts)
    row.is_applied = row.is_applied and group == row.mx_group
    row.mx_group, row.hosts, row.failure_count = group, " ".join(found.hosts), 0
    row.due_at = now + KEPT[found.answer]


def _store(rows: Iterable[MailDomain]) -> None:
    fields = ["answer", "asked_at", "due_at", "failure_count", "mx_group", "hosts", "is_applied"]
    MailDomain.objects.bulk_update(sorted(rows, key=lambda row: row.name), fields)


def apply(*, is_whole: bool = False) -> int:
    """Write the groups that changed to the contacts of their domains, block by block; how many contacts changed.

    `is_whole`: every domain, for contacts that came since. Who is locked at the moment is passed over until then.
    """
    wanted = MailDomain.objects.exclude(mx_group=OTHERS) if is_whole else MailDomain.objects.filter(is_applied=False)
    if not wanted.exists():
        return 0
    names = list(MailDomain.objects.filter(is_applied=False).values_list("name", flat=True))
    changed, after = 0, 0
    while (last := _end_of_block(after)) is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            values = {"first": after + 1, "last": last, "whole": is_whole}
            cursor.execute(load_sql("contacts", "apply_mail_domains"), values)
            changed += cursor.rowcount
        after = last
    MailDomain.objects.filter(name__in=names).update(is_applied=True)
    return changed


def _end_of_block(after: int) -> int | None:
    """The number of the last of the next so many contacts; numbers may have gaps of millions (delivery/guard.py)."""
    numbers = Contact.objects.filter(pk__gt=after).order_by("pk").values("pk")[:BLOCK]
    found: int | None = numbers.aggregate(last=Max("pk"))["last"]
    return found


def tend(*, now: datetime, is_whole: bool = False) -> None:
    """The task's work: what is due is asked for, and contacts are told. `is_whole`: look for new domains before."""
    if is_whole:
        find_new()
    asked = look_up(now=now)
    changed = apply(is_whole=is_whole)
    if asked or changed:
        log.info("mail_domains", asked=asked, contacts=changed)
