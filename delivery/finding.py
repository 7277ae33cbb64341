"""One box that finds any message: by address, by its number, by Message-ID or X-Envol-ID, by the provider's own id."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from common.tokens import BadToken, Purpose, decode
from contacts.addresses import BrokenAddress, address_key
from delivery.models import Message, MessageState
from delivery.reasons import Reason
from delivery.registry import finders

MOST = 50  # of one address, the latest
_NUMBER = re.compile(r"(?:(\d{1,10})\.)?(\d{1,18})")  # "17" or "4.17": message, or mailing and message
_SIGNED = re.compile(r"[A-Za-z0-9_-]{20,60}")


@dataclass(frozen=True, slots=True)
class Line:
    """One message found, as the list shows it. `state` is MessageState.State."""

    pk: int
    mailing_id: int
    mailing_name: str
    address: str
    state: int
    word: str
    reason: str


def find(text: str) -> list[Line]:
    """Messages that `text` names, the latest first; [] when none."""
    text = text.strip().strip("<>").strip()
    if not text:
        return []
    return _lines(_ids(text))


def _ids(text: str) -> list[int]:
    if number := _NUMBER.fullmatch(text):
        found = Message.objects.filter(pk=int(number[2]))
        if number[1]:
            found = found.filter(mailing=int(number[1]))
        return list(found.values_list("pk", flat=True))
    if signed := _signed(text):
        return [signed]
    for finder in finders:
        if ids := finder(text, limit=MOST):
            return ids
    return _by_address(text)


def _signed(text: str) -> int | None:
    """The message a Message-ID or a return path names; only tokens we made are believed."""
    for part in _SIGNED.findall(text.partition("@")[0]):
        try:
            return decode(part, purpose=Purpose.MESSAGE).message
        except BadToken:
            continue
    return None


def _by_address(text: str) -> list[int]:
    try:
        key = address_key(text)
    except BrokenAddress:
        return []
    mine = Message.objects.filter(address_key=key).order_by("-occasion")
    return list(mine.values_list("pk", flat=True)[:MOST])


def _lines(ids: Iterable[int]) -> list[Line]:
    """In two statements, however many."""
    rows = MessageState.objects.filter(pk__in=list(ids)).select_related("message", "mailing").order_by("-message_id")
    return [
        Line(
            pk=row.message_id,
            mailing_id=row.mailing_id,
            mailing_name=row.mailing.name,
            address=row.message.address,
            state=row.state,
            word=str(MessageState.State(row.state).label),
            reason=str(Reason(row.reason).label) if row.reason else "",
        )
        for row in rows
    ]
