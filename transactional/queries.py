"""What became of requests, for programs and for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import pgettext

from accounts.models import ApiKey
from contacts.addresses import BrokenAddress, address_key
from delivery.models import MessageState, Outcome
from delivery.reasons import Reason
from transactional.models import MessageRequest

_STAMPS = ("delivered_at", "bounced_at", "complained_at", "opened_at", "clicked_at")


@dataclass(frozen=True, slots=True)
class Line:
    """One request as the log shows it. `state` is MessageState.State, None where it can never be written."""

    request: MessageRequest
    title: str
    state: int | None
    word: str
    reason: str


def story_of(name: UUID, *, key: ApiKey) -> dict[str, Any] | None:
    """The state of one of this key's messages, as the API tells it; None where there is none."""
    request = MessageRequest.objects.filter(uuid=name, api_key=key).first()
    if request is None:
        return None
    told: dict[str, Any] = {"id": str(request.uuid), "to": request.address, "state": "pending", "reason": None}
    told |= {"reply": None, "received_at": request.received_at.isoformat(), "sent_at": None}
    told |= dict.fromkeys(_STAMPS) | {"is_hard_bounce": None}
    if request.error:
        return told | {"state": "refused", "reason": "content", "reply": request.error}
    if request.message_id is None:
        return told
    state = MessageState.objects.filter(pk=request.message_id).values_list("state", "reason").first()
    outcome = Outcome.objects.filter(pk=request.message_id).first()
    if state is not None:
        told["state"] = MessageState.State(state[0]).name.lower()
        told["reason"] = Reason(state[1]).name.lower() if state[1] else None
    if outcome is not None:
        told |= {stamp: _iso(getattr(outcome, stamp)) for stamp in _STAMPS}
        told |= {"reply": outcome.reply, "is_hard_bounce": outcome.is_hard_bounce}
        told["sent_at"] = _iso(outcome.at) if outcome.state == Outcome.State.ACCEPTED else None
    return told


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


def log(*, key: int | None, text: str) -> QuerySet[MessageRequest]:
    """Requests to page by ["-pk"]: of one API key, to one address (typed whole) or with one id."""
    rows = MessageRequest.objects.select_related("api_key", "template_version__template")
    if key:
        rows = rows.filter(api_key=key)
    if not text:
        return rows
    try:
        return rows.filter(uuid=UUID(text))
    except ValueError:
        pass
    try:
        return rows.filter(address_key=address_key(text))
    except BrokenAddress:
        return rows.none()


def lines(requests: Sequence[MessageRequest]) -> list[Line]:
    """The requests with what became of each, in one more statement."""
    ids = [row.message_id for row in requests if row.message_id]
    states = {pk: (state, reason) for pk, state, reason in _states(ids)}
    return [_line(row, states.get(row.message_id or 0)) for row in requests]


def _states(ids: Sequence[int]) -> Any:
    return MessageState.objects.filter(pk__in=ids).values_list("pk", "state", "reason") if ids else []


def _line(row: MessageRequest, known: tuple[int, int] | None) -> Line:
    version = row.template_version
    title = version.template.name if version else row.subject
    if row.error:
        return Line(row, title, None, pgettext("a message", "could not be made"), row.error)
    state, reason = known or (MessageState.State.PENDING, 0)
    return Line(row, title, state, str(MessageState.State(state).label), str(Reason(reason).label) if reason else "")
