"""Refusals in plain words: servers' answers gathered by what they say, each with its cause and the next step."""

from delivery.refusals.advice import Advice, advice
from delivery.refusals.causes import UNEXPLAINED, Cause
from delivery.refusals.clusters import Cluster, deferrals_of, like, refusals_of
from delivery.refusals.explaining import explain, explain_account, explain_outage

__all__ = [
    "UNEXPLAINED",
    "Advice",
    "Cause",
    "Cluster",
    "advice",
    "deferrals_of",
    "explain",
    "explain_account",
    "explain_outage",
    "like",
    "refusals_of",
]
