"""What events mean for people: suppressions, soft bounces in a row, engagement. Set-based, with the stamps."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connection
from django.utils.timezone import now

from common.sql import load_sql
from contacts.models import Contact, Suppression
from contacts.services import push_engagement, push_soft_bounces, suppress_all, unsubscribe
from feedback.events import OURSELVES
from feedback.folding import NOT_DELIVERED, Kind, Told
from feedback.models import BounceClass
from feedback.rollups import kinds_that_confirm

SOFT_BOUNCES_IN_A_ROW = 5
_Reason = Suppression.Reason


def draw_consequences(events: Sequence[Told]) -> None:
    """Push down to contacts what `events` (all of messages of ours) say about people.

    One process at a time from here to its commit: of two that know one soft bounce each, the second must see
    the first's. Taken before any row of contacts, so that nobody waits for somebody who waits for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('feedback.consequences'))")
    _suppress([told for told in events if told.kind == Kind.COMPLAINED], _Reason.COMPLAINED)
    _suppress([told for told in events if _is_lost(told, BounceClass.HARD)], _Reason.HARD_BOUNCE)
    _count_soft_bounces(events)
    _push_engagement(events)
    _leave(events)


def _is_lost(told: Told, meaning: BounceClass) -> bool:
    return told.kind in NOT_DELIVERED and told.bounce_class == meaning


def _suppress(events: Sequence[Told], reason: Suppression.Reason) -> None:
    """Everywhere, transactional mail too. 5.7.x never comes here: it is POLICY (rules: it speaks of the sender)."""
    first: dict[str, datetime] = {}
    for told in events:
        if told.address_key:
            first[told.address_key] = min(told.at, first.get(told.address_key, told.at))
    if first:
        suppress_all(
            address_keys=sorted(first),
            reason=reason,
            scope=Suppression.Scope.ALL,
            origin="feedback",
            at=min(first.values()),
        )


def _count_soft_bounces(events: Sequence[Told]) -> None:
    """Count anew, from all that is known, for whoever bounced softly, or had and was heard of again."""
    soft = {told.contact for told in events if _is_lost(told, BounceClass.SOFT)}
    contacts = {told.contact for told in events if told.kind == Kind.DELIVERED or told.kind in NOT_DELIVERED}
    with connection.cursor() as cursor:
        cursor.execute(load_sql("feedback", "bouncing"), {"soft": _known(soft), "contacts": _known(contacts)})
        touched = [contact for (contact,) in cursor.fetchall()]
        if not touched:
            return
        cursor.execute(load_sql("feedback", "soft_bounces"), {"contacts": touched, "confirming": kinds_that_confirm()})
        rows = cursor.fetchall()
    push_soft_bounces(counts={contact: count for contact, count, _key in rows})
    gone = sorted(key for _contact, count, key in rows if count >= SOFT_BOUNCES_IN_A_ROW)
    if gone:
        suppress_all(
            address_keys=gone, reason=_Reason.SOFT_BOUNCES, scope=Suppression.Scope.ALL, origin="feedback", at=now()
        )


def _known(contacts: set[int | None]) -> list[int]:
    return sorted(contact for contact in contacts if contact)


def _push_engagement(events: Sequence[Told]) -> None:
    opened: dict[int, date] = {}
    clicked: dict[int, datetime] = {}
    for told in events:
        if told.contact and told.kind == Kind.OPENED:
            day = told.at.astimezone(UTC).date()
            opened[told.contact] = max(day, opened.get(told.contact, day))
        elif told.contact and told.kind == Kind.CLICKED:
            clicked[told.contact] = max(told.at, clicked.get(told.contact, told.at))
    if opened or clicked:
        push_engagement(opened=opened, clicked=clicked)


def _leave(events: Sequence[Told]) -> None:
    """An unsubscription a provider reports is one from everything: it will refuse all later mail to the person.

    Our own doors have acted before they stored their event.
    """
    left = {t.contact: t.at for t in events if t.kind == Kind.UNSUBSCRIBED and t.source != OURSELVES and t.contact}
    for contact in Contact.objects.filter(pk__in=left).order_by("pk"):
        unsubscribe(contact=contact, contact_list=None, at=left[contact.pk])
