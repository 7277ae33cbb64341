"""One change of everybody a filter finds, in the background: block by block, each a transaction with the cursor.

A worker holds a lease; one that dies leaves it to run out, and the next goes on after the last block. One that wakes
late finds the row taken and walks away.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.bulk_acts import ACTS, ActRefused, Done
from contacts.filters import Group, WrongFilter, from_json, people
from contacts.imports.journal import LEASE, ClockNow
from contacts.models import BulkChange, Contact
from contacts.queries import exact_count, size_of

_State = BulkChange.State
_Action = BulkChange.Action
_AT_THE_CLICK = timedelta(seconds=1)  # a progress bar is worth no longer wait


class ChangeRefused(ValueError):
    """The change cannot be made; the message says why, in the active language."""


@transaction.atomic
def ask_change(*, tree: Group, action: str, terms: dict[str, Any], user: User | None) -> BulkChange:
    """Freeze whom and what, with an audit entry; a worker does the rest. Raises ChangeRefused, WrongFilter.

    `terms` by action: {"tag"}, {"list", "statement"}, {"field", "value"}. Erasing takes an administrator.
    """
    if action == _Action.ERASE and not (user and user.is_active and user.is_staff):
        raise ChangeRefused(_("Only an administrator erases people."))
    found = people(tree, now=timezone.now())
    number = exact_count(found, patience=_AT_THE_CLICK)
    change = BulkChange.objects.create(
        filter=tree.to_json(),
        action=action,
        terms=terms,
        upper_id=Contact.objects.aggregate(newest=Coalesce(Max("pk"), 0))["newest"],
        expected_count=size_of(found, known=number).number,
        user=user,
    )
    audit(verb="contacts.bulk", target=f"bulk:{change.pk}", user=user, action=action, filter=change.filter, **terms)
    return change


def stop_change(*, change: BulkChange) -> bool:
    """Stop after the block that is being changed; False when it was over already. What is changed stays so."""
    running = BulkChange.objects.filter(pk=change.pk, state__in=(_State.WAITING, _State.RUNNING))
    return bool(running.update(state=_State.STOPPED, finished_at=ClockNow(), lease_until=None))


def waiting_changes() -> list[int]:
    """Changes nobody works on: just asked for, or lost with their worker."""
    return list(BulkChange.objects.filter(_free()).order_by("pk").values_list("pk", flat=True))


def _free() -> Q:
    return Q(state=_State.WAITING) | Q(state=_State.RUNNING, lease_until__lt=ClockNow())


def run_change(change_id: int, *, report: Callable[[BulkChange], None] = lambda _change: None) -> BulkChange | None:
    """Make one change, or go on with it, to its end; None when there was nothing to take."""
    taken = BulkChange.objects.filter(_free(), pk=change_id)
    if not taken.update(state=_State.RUNNING, lease_until=ClockNow() + LEASE):
        return None
    change = BulkChange.objects.get(pk=change_id)
    try:
        while _change_block(change):
            report(change)
    except (ActRefused, WrongFilter) as error:
        _end(change, _State.FAILED, error=str(error))
    change.refresh_from_db()
    return change


@transaction.atomic
def _change_block(change: BulkChange) -> bool:
    """The next people, and the cursor after them; False at the end, and when somebody else moved the change on."""
    held = BulkChange.objects.select_for_update().filter(
        pk=change.pk, state=_State.RUNNING, lease_until=change.lease_until, cursor=change.cursor
    )
    if not held.exists():
        return False
    act = ACTS[_Action(change.action)]
    tree = from_json(change.filter)
    block = people(tree, now=change.created_at).filter(pk__gt=change.cursor, pk__lte=change.upper_id)
    ids = list(block.order_by("pk").values_list("pk", flat=True)[: act.block])
    if not ids:
        _finish(change)
        return False
    done: Done = act.make(change, ids, _now())
    change.cursor = ids[-1]
    change.seen_count += len(ids)
    change.changed_count += done.changed
    change.kept_out_count += done.kept_out
    BulkChange.objects.filter(pk=change.pk).update(
        cursor=change.cursor,
        seen_count=change.seen_count,
        changed_count=change.changed_count,
        kept_out_count=change.kept_out_count,
        lease_until=ClockNow() + LEASE,
    )
    change.lease_until = BulkChange.objects.values_list("lease_until", flat=True).get(pk=change.pk)
    return True


def _finish(change: BulkChange) -> None:
    act = ACTS[_Action(change.action)]
    act.finish(change)
    _end(change, _State.DONE)
    audit(
        verb="contacts.bulk.done",
        target=f"bulk:{change.pk}",
        user=change.user,
        seen=change.seen_count,
        changed=change.changed_count,
    )


def _end(change: BulkChange, state: str, *, error: str = "") -> None:
    held = BulkChange.objects.filter(pk=change.pk, state=_State.RUNNING)
    held.update(state=state, error=error, finished_at=ClockNow(), lease_until=None)


def _now() -> datetime:
    """The instant of the transaction, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("select now()")
        row = cursor.fetchone()
    assert row is not None
    found: datetime = row[0]
    return found
