"""The way out. Mailing (+ Content) → Batch → Message (+ Outcome, Attempt); docs/reliability.md has the states."""

from delivery.models.brakes import Brake
from delivery.models.guard import Guard, LedgerCheck
from delivery.models.ledger import Attempt, Batch, Counter, Message, MessageState, Outcome
from delivery.models.limits import DailyCount, Limit, Pace
from delivery.models.mailings import Content, Link, ListMail, Mailing, StandingMailing
from delivery.models.providers import Provider

__all__ = [
    "Attempt",
    "Batch",
    "Brake",
    "Content",
    "Counter",
    "DailyCount",
    "Guard",
    "LedgerCheck",
    "Limit",
    "Link",
    "ListMail",
    "Mailing",
    "Message",
    "MessageState",
    "Outcome",
    "Pace",
    "Provider",
    "StandingMailing",
]
