"""Alignments kept: asked in batches when due, at once by a button, and read by fail-over."""

import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta

import dns.resolver
import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from accounts.services import audit
from common.sql import load_sql
from contacts import name_servers
from contacts.mail_domains import RESERVED
from deliverability.models import SendingDomain
from deliverability.records.asking import Dns, Silent
from deliverability.records.dmarc import policy_of
from deliverability.records.spf import address_in
from delivery.alignment.findings import Code, Finding, to_json
from delivery.alignment.judging import Question, Verdict, Wanted, judge, signers
from delivery.alignment.told import records_told
from delivery.capabilities import kind_of, signing_kind
from delivery.models import Alignment, Provider, StreamProvider

log = structlog.get_logger(__name__)
State = Alignment.State

AT_ONCE, BATCH = 8, 16  # two rounds of waiting for an API that is silent
AGAIN = timedelta(days=1)
SOON = timedelta(hours=1)  # somebody may be publishing the record just now
LOST_FOR = timedelta(days=14)
RETRY, LONGEST = timedelta(minutes=10), timedelta(hours=6)
_STORED = ["state", "findings", "told", "answered_at", "aligned_at", "failure_count", "due_at"]


def uncovered(provider: Provider, domains: Iterable[str], *, now: datetime) -> dict[str, Alignment.State]:
    """The domains mail of which may not take this account, with what is known of each. One statement.

    A domain without an answer of its own goes by those above it, DMARC's relaxed alignment being the organisation's;
    the DNS's no to the domain itself stands.
    """
    known = Alignment.objects.filter(provider=provider).select_related("domain").defer("findings", "told")
    rows = {row.domain.name: row for row in known}
    missing = {}
    for domain in domains:
        own = rows.get(domain)
        lines = [rows[name] for name in _and_parents(domain) if name in rows]
        is_refused = own is not None and own.state == State.REFUSED
        if is_refused or not any(row.is_proven(now=now) or row.is_claimed for row in lines):
            missing[domain] = State(own.state) if own else State.UNASKED
    return missing


def refused(provider: Provider, senders: Iterable[str]) -> list[str]:
    """The domains of these addresses the DNS says no to: no mail to many may leave in their name through this account
    (Gmail, Yahoo and Microsoft refuse it, 550 5.7.515 among their words)."""
    domains = {sender.rpartition("@")[2].lower() for sender in senders}
    found = Alignment.objects.filter(provider=provider, state=State.REFUSED, domain__name__in=domains)
    return list(found.order_by("domain__name").values_list("domain__name", flat=True))


def lost(*, most: int) -> list[Alignment]:
    """What was covered and no longer is, at accounts a stream leaves through: somebody changed a record. For two weeks;
    then it is meant."""
    used = Q(provider__is_default=True) | Q(provider__in=StreamProvider.objects.values("provider"))
    rows = Alignment.objects.filter(used, state=State.REFUSED, aligned_at__gt=Now() - LOST_FOR)
    return list(rows.select_related("domain", "provider").order_by("-aligned_at")[:most])


def _and_parents(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[number:]) for number in range(max(1, len(labels) - 1))]


def row_of(provider: Provider, domain: SendingDomain) -> Alignment:
    """Of this domain at this account; a new one, not stored, where nobody has asked."""
    rows = Alignment.objects.select_related("domain", "provider", "confirmed_by")
    return rows.filter(provider=provider, domain=domain).first() or Alignment(provider=provider, domain=domain)


def add_missing() -> int:
    """A row for every sending domain at every account, to be asked at once; how many are new."""
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "add_alignments"))
        return int(cursor.rowcount)


def look_up(*, now: datetime, within: timedelta = timedelta(seconds=40)) -> int:
    """Ask for what is due, no longer than `within` and a question; how many were asked. One caller at a time."""
    asked, end = 0, time.monotonic() + within.total_seconds()
    while time.monotonic() < end:
        due = Alignment.objects.filter(due_at__lte=now).select_related("domain", "provider").order_by("due_at")
        rows = list(due[:BATCH])
        if not rows:
            break
        asked += len(rows)
        if not _ask_all(rows, now=now):
            break
    return asked


def ask_again(row: Alignment, *, now: datetime) -> bool:
    """Ask for one, now; False when nobody answered. Takes some seconds."""
    if row._state.adding:
        row.save()
    return _store([row], [_answer(row)], now=now)


def _ask_all(rows: list[Alignment], *, now: datetime) -> bool:
    """False when nobody answered any of them: the next batch would not fare better."""
    with ThreadPoolExecutor(min(AT_ONCE, len(rows)), thread_name_prefix="alignment") as pool:
        verdicts = list(pool.map(_answer, rows))
    return _store(rows, verdicts, now=now)


def _store(rows: list[Alignment], verdicts: list[Verdict | None], *, now: datetime) -> bool:
    with transaction.atomic():
        numbers = [row.pk for row in rows]
        locked = Alignment.objects.select_for_update().filter(pk__in=numbers).order_by("pk")
        current = dict(locked.values_list("pk", "due_at"))
        # Another moment: the account was changed, or somebody else has asked, since this question was read.
        ours = [
            (row, verdict) for row, verdict in zip(rows, verdicts, strict=True) if current.get(row.pk) == row.due_at
        ]
        for row, verdict in ours:
            before = row.state
            _take_in(row, verdict, now)
            if row.state != before:
                log.info("alignment", domain=row.domain.name, provider=row.provider_id, state=State(row.state).name)
        Alignment.objects.bulk_update([row for row, _verdict in ours], _STORED)
    return any(verdict is not None for verdict in verdicts)


def _answer(row: Alignment) -> Verdict | None:
    """What the DNS says now, without the database (it runs in a thread); None when nobody answered."""
    if re.search(RESERVED, row.domain.name):
        return Verdict(State.OPEN, [Finding(Code.RESERVED)])
    try:
        dns_ = Dns(name_servers.resolver())
        return judge(_question(row, dns_), dns=dns_)
    except (Silent, dns.resolver.NoResolverConfiguration):
        return None


def _question(row: Alignment, dns_: Dns) -> Question:
    provider, domain = row.provider, row.domain.name
    options = {name: str(value) for name, value in provider.options.items()}
    signs_as = options.get("sender_domain", "").lower()
    told = None
    if not _is_smtp(provider):
        known = signers(domain, policy_of(domain, dns=dns_), signs_as)
        told = records_told(provider, known)
    if told is not None:
        row.told = [asdict(one) for one in told]
    elif row.told:  # what it said the last time
        told = tuple(Wanted(**one) for one in row.told)
    return Question(
        domain=domain,
        signing=signing_kind(provider.kind, options.get("host", "")).signing,
        options=options,
        told=told,
        selectors=tuple(row.selectors.split()),
        signs_as=signs_as,
        servers=_servers(row, dns_),
        envelope=row.domain.bounce_address.rpartition("@")[2].lower(),
    )


def _is_smtp(provider: Provider) -> bool:
    return kind_of(provider.kind).is_smtp


def keeps_envelope(provider: Provider) -> bool:
    """Whether the From address stays on the envelope, so that SPF can count. The known providers put their own there
    by SMTP, too: bounces are to come back to them."""
    return signing_kind(provider.kind, str(provider.options.get("host", ""))).is_smtp


def _servers(row: Alignment, dns_: Dns) -> tuple[str, ...]:
    """For SPF: what a person named; else the addresses of a server that hands mail over itself."""
    if not keeps_envelope(row.provider):
        return ()
    if row.spf_via:
        return (row.spf_via,)
    if not row.provider.options.get("is_direct"):
        return ()
    host = str(row.provider.options.get("host", ""))
    own = address_in(host)
    return tuple(str(one) for one in ([own] if own else dns_.addresses(host)) if one.is_global)


def _take_in(row: Alignment, verdict: Verdict | None, now: datetime) -> None:
    if verdict is None:
        row.due_at = now + min(LONGEST, RETRY * 2 ** min(row.failure_count, 10))
        row.failure_count += 1
        return
    row.state, row.findings, row.failure_count = verdict.state, to_json(verdict.findings), 0
    row.answered_at = now
    if verdict.state == State.ALIGNED:
        row.aligned_at = now
    row.due_at = now + (SOON if verdict.state == State.REFUSED else AGAIN)


@transaction.atomic
def describe(row: Alignment, *, selectors: list[str], spf_via: str, user: User | None, now: datetime) -> None:
    """What a person knows of how the account signs; it is to be asked for again."""
    row.selectors, row.spf_via, row.due_at = " ".join(selectors), spf_via, now
    row.save()
    said = {"domain": row.domain.name, "selectors": row.selectors, "spf": spf_via}
    audit(verb="provider.signing", target=f"provider:{row.provider_id}", user=user, **said)


@transaction.atomic
def confirm(
    *, domain: SendingDomain, provider: Provider, is_aligned: bool, user: User | None, now: datetime
) -> Alignment:
    """A person says that SPF or DKIM of a domain covers an account, or takes it back. A no of the DNS outweighs it."""
    word = {"confirmed_by": user, "confirmed_at": now} if is_aligned else {"confirmed_by": None, "confirmed_at": None}
    row, _is_new = Alignment.objects.update_or_create(domain=domain, provider=provider, defaults=word)
    verb = "provider.aligned" if is_aligned else "provider.not_aligned"
    audit(verb=verb, target=f"provider:{provider.pk}", user=user, domain=domain.name)
    return row


def ask_soon(domain_id: int) -> None:
    """Something SPF is read by was changed at the domain."""
    Alignment.objects.filter(domain=domain_id).update(due_at=Now())


def forget(provider_id: int, *, is_another: bool) -> None:
    """The account was changed: what is known is asked for anew, and counts no more where it `is_another` server."""
    rows = Alignment.objects.filter(provider=provider_id)
    rows.update(told=[], due_at=Now())
    if is_another:
        rows.update(state=State.UNASKED, findings=[])
