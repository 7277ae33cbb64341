"""The people behind a number of the ledger, as querysets to be cut into pages by key (common/paging.py)."""

from django.db.models import Max, Min, QuerySet

from delivery.models import Batch, Mailing, MessageState, Outcome

PENDING, SENDING = 0, 1


def people(mailing_id: int, *, state: int, reason: int | None = None) -> "QuerySet[Outcome] | QuerySet[MessageState]":
    """Rows with `message_id`, `message` (address, contact_id), `state`, `reason`; page them by ["message_id"].

    `state`: 0 pending, 1 sending, else Outcome.State; `reason` narrows refused, skipped and unknown.
    """
    if state <= SENDING:
        return _without_outcome(mailing_id, state)
    found = Outcome.objects.filter(mailing_id=mailing_id, state=state).select_related("message")
    if state == Outcome.State.ACCEPTED:  # the common state has no index of its own: the mailing is one range of ids
        mailing = Mailing.objects.only("first_message_id", "last_message_id").get(pk=mailing_id)
        found = found.filter(
            message_id__gte=mailing.first_message_id or 0, message_id__lte=mailing.last_message_id or 0
        )
    return found if reason is None else found.filter(reason=reason)


def _without_outcome(mailing_id: int, state: int) -> "QuerySet[MessageState]":
    """Narrowed to the batches that can hold such a message, so that a page near the end does not read the beginning."""
    batches = Batch.objects.filter(mailing_id=mailing_id).exclude(state=Batch.State.DONE)
    if state == SENDING:
        batches = batches.filter(state=Batch.State.CLAIMED)
    ends = batches.aggregate(first=Min("first_id"), last=Max("last_id"))
    return MessageState.objects.filter(
        mailing_id=mailing_id, state=state, message_id__gte=ends["first"] or 0, message_id__lte=ends["last"] or 0
    ).select_related("message")
