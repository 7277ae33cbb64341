"""The verbs of the catcher."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from catcher.models import CaughtMessage
from catcher.parsing import clean, summary

# What is kept: mail made for trying things out. Counted by id, so that pruning reads no more than it deletes.
KEEP_COUNT = 10_000
KEEP_FOR = timedelta(days=30)
PRUNE_STEP = 2_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as SMTP delivered it."""

    mail_from: str
    recipients: tuple[str, ...]
    source: bytes


def store(messages: Iterable[Incoming]) -> int:
    """Keep messages, a row per recipient, in one transaction; returns the rows written."""
    rows = []
    for message in messages:
        subject, sender = summary(message.source)
        rows += [
            (clean(message.mail_from)[:320], clean(recipient)[:320], subject, sender, message.source)
            for recipient in message.recipients
        ]
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(
            "copy catcher_caughtmessage (mail_from, rcpt_to, subject, sender, source, size) from stdin"
        ) as copy,
    ):
        for row in rows:
            copy.write_row((*row, len(row[-1])))
    return len(rows)


def prune(*, now: datetime) -> int:
    """Forget what is beyond the last KEEP_COUNT or older than KEEP_FOR; returns the rows forgotten."""
    newest = CaughtMessage.objects.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return 0
    count, _ = CaughtMessage.objects.filter(pk__lte=newest - KEEP_COUNT).delete()
    oldest = CaughtMessage.objects.order_by("pk").values("pk", "received_at")[:PRUNE_STEP]
    stale = [row["pk"] for row in oldest if row["received_at"] < now - KEEP_FOR]
    return count + (CaughtMessage.objects.filter(pk__in=stale).delete()[0] if stale else 0)


def empty_inbox() -> int:
    """Forget every caught message; returns how many there were."""
    count = CaughtMessage.objects.count()
    with connection.cursor() as cursor:  # at once, whatever the size; ids go on counting
        cursor.execute("truncate catcher_caughtmessage")
    return count
