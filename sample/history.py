"""A campaign of the past: planned and frozen by the engine's own verbs, its outcomes written as they would have been.

Nothing was sent, so the ledger's rows are appended here, where history is made up, and nowhere else. The mailing is
held (`paused_until`) from the moment it exists, so that no worker ever takes one of its batches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from campaigns.models import Campaign
from common.sql import load_sql
from contacts.models import Contact
from delivery.models import Mailing, Message, Outcome
from delivery.reasons import Reason
from delivery.snapshot import take_block
from sample.planning import plan
from sample.reactions import react

_A_SECOND = 14  # messages
_HELD = timedelta(hours=1)
_REFUSALS = (
    (Reason.REFUSED_ADDRESS, 0.003, "550 5.1.1 Address does not exist"),
    (Reason.REFUSED_FULL, 0.001, "552 5.2.2 Mailbox full"),
)


@dataclass(frozen=True, slots=True)
class Teller:
    """What all stories share."""

    now: datetime
    zone: ZoneInfo
    random: Random
    interest: Mapping[int, float]  # by contact id


@dataclass(frozen=True, slots=True)
class Copy:
    """One accepted message of the past."""

    message: int
    contact: int
    at: datetime


def tell(campaign: Campaign, *, left_at: datetime, warmth: float, teller: Teller) -> Mailing:
    """Make `campaign`, a draft, one that left at `left_at`, with everything people did since."""
    mailing = plan(
        campaign,
        starts_at=left_at,
        state=Mailing.State.SENDING,
        started_at=left_at,
        created_at=left_at,
        paused_until=teller.now + _HELD,
    )
    while (block := take_block(mailing.pk)) is not None and not block.is_last:
        pass
    accepted = _settle(mailing, left_at=left_at, random=teller.random)
    react(mailing, accepted, warmth=warmth, teller=teller)
    Campaign.objects.filter(pk=campaign.pk).update(updated_at=left_at, created_at=left_at - timedelta(days=3))
    return mailing


@transaction.atomic
def _settle(mailing: Mailing, *, left_at: datetime, random: Random) -> list[Copy]:
    """An outcome for every message that has none; batches, mailing and clock closed accordingly."""
    open_messages = list(
        Message.objects.filter(mailing=mailing, outcome__isnull=True).order_by("pk").values_list("pk", "contact_id")
    )
    accepted: list[Copy] = []
    rows: list[Sequence[object]] = []
    for number, (message, contact) in enumerate(open_messages):
        at = left_at + timedelta(seconds=1 + number / _A_SECOND)
        reason, reply = _refusal(random)
        if reason is None:
            accepted.append(Copy(message, contact or 0, at))
        state = Outcome.State.ACCEPTED if reason is None else Outcome.State.REFUSED
        rows.append((message, mailing.pk, int(state), int(reason or 0), at, reply))
    with connection.cursor() as cursor:
        with cursor.copy("copy delivery_outcome (message_id, mailing_id, state, reason, at, reply) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(load_sql("sample", "backdate_skipped"), {"mailing": mailing.pk, "at": left_at})
        cursor.execute(load_sql("sample", "close_batches"), {"mailing": mailing.pk})
    Mailing.objects.filter(pk=mailing.pk).update(
        state=Mailing.State.FINISHED,
        finished_at=left_at + timedelta(seconds=2 + len(rows) / _A_SECOND),
        snapshot_done_at=left_at,
        paused_until=None,
    )
    return accepted


def _refusal(random: Random) -> tuple[Reason | None, str | None]:
    draw = random.random()
    for reason, share, reply in _REFUSALS:
        if draw < share:
            return reason, reply
        draw -= share
    return None, None


def interest_of(contacts: Sequence[Contact], interests: Sequence[float]) -> dict[int, float]:
    """Interest by contact id, in the order the people were made."""
    return {contact.pk: interest for contact, interest in zip(contacts, interests, strict=True)}
