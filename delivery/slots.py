"""Connections that are free for work. Urgent mail goes first and never waits behind a campaign:

a connection of three or more is kept for it where such mail is sent; with fewer, or where a mailbox provider's own
connections are in use, a campaign's batch gives way at its next window.

A process drives the connections of one account. Where that account is slow, or has to be sent to slowly, the process
leaves when somebody else waits for one: a campaign never waits for the end of another.
"""

from django.db import connection

from common.sql import load_sql
from delivery.models import Provider

KEPT_FROM = 3  # connections of an account (sql/kept.sql)


def free_slots() -> list[int]:
    """Provider ids, each as often as it has both a free connection and a due batch that is not urgent."""
    return _slots("not b.is_urgent", kept=load_sql("delivery", "kept"))


def urgent_slots() -> list[int]:
    """The same for urgent batches, which may take every connection."""
    return _slots("b.is_urgent", kept="0")


def _slots(urgency: str, *, kept: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "slots").replace("{urgency}", urgency).replace("{kept}", kept))
        return [provider_id for provider_id, slots in cursor.fetchall() for _ in range(max(0, slots))]


def must_give_way(provider: Provider, *, mx_group: int, is_narrow: bool) -> bool:
    """Whether urgent mail is due that a batch of this mailbox provider keeps from leaving.

    `is_narrow`: the mailbox provider has connections of its own number, which the batch may hold.
    """
    has_kept = provider.connection_count >= KEPT_FROM
    if has_kept and not is_narrow:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from delivery_batch b join delivery_mailing m on m.id = b.mailing_id "
            "where b.state = 0 and b.is_urgent and b.due_at <= clock_timestamp() and b.provider_id = %s "
            "and (%s or b.mx_group = %s) and m.state = 'sending' "
            "and (m.paused_until is null or m.paused_until <= clock_timestamp()))",
            [provider.pk, not has_kept, mx_group],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def do_others_wait(provider_id: int, *, is_late: bool) -> bool:
    """Whether somebody waits for this very process: a mailing that has just begun and nobody freezes; and once a shift
    is over (`is_late`), another account with batches due that nobody works. Both for some seconds, so that a process
    that is free had its chance; and the first for a minute, lest a mailing that cannot be frozen stops the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(load_sql("delivery", "others_wait"), {"provider": provider_id, "late": is_late})
        row = cursor.fetchone()
    return bool(row and row[0])
