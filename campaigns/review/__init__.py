"""Before sending: who will get it and who not, how it reads, and what must be mended first."""

from campaigns.review.check import Check, Fix, Severity
from campaigns.review.engine import Checks, Review, Shown, findings, review, show
from campaigns.review.reach import Reach, reach_of

__all__ = ["Check", "Checks", "Fix", "Reach", "Review", "Severity", "Shown", "findings", "reach_of", "review", "show"]
