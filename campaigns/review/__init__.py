"""Before sending: who will get it and who not, how it reads, and what must be mended first."""

from campaigns.review.check import Check, Fix, Severity
from campaigns.review.engine import Review, Shown, review, show
from campaigns.review.reach import Reach, reach_of

__all__ = ["Check", "Fix", "Reach", "Review", "Severity", "Shown", "reach_of", "review", "show"]
