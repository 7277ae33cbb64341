"""What people did with a campaign of the past, told to `feedback` through the same doors as the real thing.

Every event carries `sample` among its details. What may be kept of an open or a click is decided by those doors.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from delivery.models import Link, Mailing
from feedback.applying import apply_pending
from feedback.events import NewEvent, record_events
from feedback.hits import Hit, store_hits
from feedback.models import BounceClass, Event, Way
from feedback.people import person_of
from feedback.rollups import roll_up
from feedback.services import leave
from sample.readers import awake, clicked_link, delay

if TYPE_CHECKING:
    from sample.history import Copy, Teller

MARK = {"sample": True}
_BLOCK = 1_000
_HARD, _SOFT, _COMPLAINTS = 0.007, 0.004, 0.0005
_LEAVE = 0.0028
_CLICK_OF_OPEN = 0.15
_CLICK_UNSEEN = 0.012  # images off: the click is all that shows
_WAYS = ((Way.ONE_CLICK, 50), (Way.LINK, 35), (Way.PREFERENCES, 15))


def react(mailing: Mailing, copies: Sequence["Copy"], *, warmth: float, teller: "Teller") -> None:
    """Bounces, opens, clicks, complaints and farewells of these copies up to now; applied and counted."""
    random = teller.random
    lost = {copy.message for copy in copies if random.random() < _HARD + _SOFT}
    reached = [copy for copy in copies if copy.message not in lost]
    record_events([_bounce(mailing, copy, teller) for copy in copies if copy.message in lost])
    hits, opened = _hits(mailing, reached, warmth=warmth, teller=teller)
    for start in range(0, len(hits), _BLOCK):
        store_hits(hits[start : start + _BLOCK])
    for copy, at in opened:
        _perhaps_leave(mailing, copy, at, teller)
    record_events(list(_complaints(mailing, opened, teller)))
    apply_pending()
    roll_up([mailing.pk])


def _bounce(mailing: Mailing, copy: "Copy", teller: "Teller") -> NewEvent:
    is_hard = teller.random.random() < _HARD / (_HARD + _SOFT)
    return NewEvent(
        source=mailing.provider_id,
        key=f"sample-bounce-{copy.message}",
        kind=Event.Kind.BOUNCED,
        at=copy.at + timedelta(seconds=teller.random.uniform(20, 3_000)),
        mailing=mailing.pk,
        message=copy.message,
        bounce_class=BounceClass.HARD if is_hard else BounceClass.SOFT,
        details=MARK | {"reply": "550 5.1.1 No such mailbox" if is_hard else "452 4.2.2 Mailbox full"},
    )


def _hits(
    mailing: Mailing, copies: Sequence["Copy"], *, warmth: float, teller: "Teller"
) -> tuple[list[Hit], list[tuple["Copy", datetime]]]:
    """Opens and clicks, and who opened when."""
    random, links = teller.random, list(Link.objects.filter(mailing=mailing).order_by("number").values_list("number"))
    numbers = [number for (number,) in links]
    hits: list[Hit] = []
    opened: list[tuple[Copy, datetime]] = []
    for copy in copies:
        at = awake(copy.at + delay(random), zone=teller.zone, random=random)
        has_opened = random.random() < teller.interest[copy.contact] * warmth
        if at > teller.now:
            continue
        if has_opened:
            opened.append((copy, at))
            hits.append(_hit(mailing, copy, at=at, kind=Event.Kind.OPENED))
        if numbers and random.random() < (_CLICK_OF_OPEN if has_opened else _CLICK_UNSEEN):
            clicked_at = min(at + timedelta(seconds=random.uniform(4, 240)), teller.now)
            link = numbers[clicked_link(len(numbers), random)]
            hits.append(_hit(mailing, copy, at=clicked_at, kind=Event.Kind.CLICKED, link=link))
    return hits, opened


def _hit(mailing: Mailing, copy: "Copy", *, at: datetime, kind: Event.Kind, link: int = 0) -> Hit:
    return Hit(
        kind=kind,
        mailing=mailing.pk,
        message=copy.message,
        at=at,
        link=link,
        key=f"sample-{int(kind)}-{copy.message}-{link}",
        raw=dict(MARK),
    )


def _perhaps_leave(mailing: Mailing, copy: "Copy", at: datetime, teller: "Teller") -> None:
    if teller.random.random() >= _LEAVE / 0.37:  # of those who open, so that _LEAVE of all leave
        return
    way = teller.random.choices([way for way, _ in _WAYS], weights=[weight for _, weight in _WAYS])[0]
    leave(
        mailing=mailing.pk,
        message=copy.message,
        everything=False,
        way=way,
        at=min(at + timedelta(seconds=40), teller.now),
        person=person_of(mailing=mailing.pk, message=copy.message),
    )


def _complaints(mailing: Mailing, opened: Sequence[tuple["Copy", datetime]], teller: "Teller") -> Iterable[NewEvent]:
    """At least one person in the whole history presses "this is spam"; seldom more."""
    count = round(len(opened) / 0.37 * _COMPLAINTS)
    for copy, at in teller.random.sample(list(opened), k=min(count, len(opened))):
        yield NewEvent(
            source=mailing.provider_id,
            key=f"sample-complaint-{copy.message}",
            kind=Event.Kind.COMPLAINED,
            at=min(at + timedelta(minutes=3), teller.now),
            mailing=mailing.pk,
            message=copy.message,
            details=MARK,
        )
