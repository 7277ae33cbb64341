"""The way out. Mailing (+ Content) → Batch → Message (+ Outcome, Attempt); docs/reliability.md has the states."""

from delivery.models.alerts import Alert
from delivery.models.alignments import Alignment
from delivery.models.brakes import Brake
from delivery.models.guard import Guard, LedgerCheck
from delivery.models.ledger import Attempt, Batch, Counter, Message, MessageState, Outcome
from delivery.models.limits import DailyCount, Limit, Pace
from delivery.models.mailings import Content, Link, ListMail, Mailing, StandingMailing
from delivery.models.outages import Cause, Detour, Outage
from delivery.models.processes import Process
from delivery.models.providers import Provider
from delivery.models.streams import Stream, StreamDay, StreamLimit, StreamProvider

__all__ = [
    "Alert",
    "Alignment",
    "Attempt",
    "Batch",
    "Brake",
    "Cause",
    "Content",
    "Counter",
    "DailyCount",
    "Detour",
    "Guard",
    "LedgerCheck",
    "Limit",
    "Link",
    "ListMail",
    "Mailing",
    "Message",
    "MessageState",
    "Outage",
    "Outcome",
    "Pace",
    "Process",
    "Provider",
    "StandingMailing",
    "Stream",
    "StreamDay",
    "StreamLimit",
    "StreamProvider",
]
