"""In whose name mail goes out, and how much of it. One file a noun."""

from deliverability.models.senders import Sender, SendingDomain
from deliverability.models.warmup import WarmupDay, WarmupDecision, WarmupPlan

__all__ = ["Sender", "SendingDomain", "WarmupDay", "WarmupDecision", "WarmupPlan"]
