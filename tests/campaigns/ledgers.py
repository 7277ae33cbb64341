"""A mailing with the rows a real send would have left, written directly: pages read them, sending has its own tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns import services
from campaigns.models import Campaign
from contacts.models import Contact
from delivery.models import Batch, Mailing, Message, Outcome
from delivery.reasons import Reason
from feedback.rollups import roll_up

NOW = datetime(2026, 6, 29, 7, 0, tzinfo=UTC)


def sent(campaign: Campaign, people: Sequence[Contact], outcomes: Sequence[dict[str, Any]], *, state: str) -> Campaign:
    """`outcomes`: one for each person, {} for somebody still waiting; they get what they say, accepted by default."""
    services.start_campaign(campaign=campaign, user=campaign.user, now=NOW, undo=timedelta(0))
    mailing_id = services.begin(campaign_id=campaign.pk, now=NOW)
    assert mailing_id is not None
    first = (Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1_000
    for number, (contact, values) in enumerate(zip(people, outcomes, strict=True)):
        _message(mailing_id, first + number, contact, dict(values))
    last = first + len(people) - 1
    Mailing.objects.filter(pk=mailing_id).update(
        state=state,
        planned_count=len(people),
        first_message_id=first,
        last_message_id=last,
        snapshot_done_at=NOW,
        started_at=NOW,
        finished_at=NOW + timedelta(minutes=5) if state == "finished" else None,
    )
    roll_up([mailing_id])
    return Campaign.objects.shown().get(pk=campaign.pk)


def _message(mailing_id: int, pk: int, contact: Contact, values: dict[str, Any]) -> None:
    mailing = Mailing.objects.get(pk=mailing_id)
    Message.objects.create(
        pk=pk,
        mailing=mailing,
        content=mailing.contents.get(),
        occasion=mailing.occasion,
        contact_id=contact.pk,
        address=contact.address,
        address_key=contact.address_key,
        tracking=15,
        vars={"contact": {"first_name": contact.first_name}},
    )
    outcome = None
    if values:
        values = {
            "state": Outcome.State.ACCEPTED,
            "reason": Reason.NONE,
            "at": NOW + timedelta(seconds=pk % 100),
        } | values
        outcome = Outcome.objects.create(message_id=pk, mailing=mailing, **values)
    counts = {name: int(outcome is not None and outcome.state == number) for number, name in _COUNTERS.items()}
    Batch.objects.create(
        mailing=mailing,
        provider=mailing.provider,
        mx_group=contact.mx_group,
        first_id=pk,
        last_id=pk,
        state=Batch.State.DONE if outcome else Batch.State.PENDING,
        due_at=NOW,
        done_to=pk - 1,
        open_to=pk - 1,
        **counts,
    )


_COUNTERS = {
    Outcome.State.ACCEPTED: "accepted_count",
    Outcome.State.REFUSED: "refused_count",
    Outcome.State.SKIPPED: "skipped_count",
    Outcome.State.UNKNOWN: "unknown_count",
}
ACCEPTED: dict[str, Any] = {"state": Outcome.State.ACCEPTED}
REFUSED: dict[str, Any] = {
    "state": Outcome.State.REFUSED,
    "reason": Reason.REFUSED_ADDRESS,
    "reply": "550 5.1.1 <b>no such user</b>",
}
DOUBTFUL: dict[str, Any] = {"state": Outcome.State.UNKNOWN, "reason": Reason.REPLY_LOST}
