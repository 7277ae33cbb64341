"""Fail-over: when an account cannot send, what it certainly did not get leaves through the stream's next one.

Only a pending batch changes its provider, so nothing on the wire and nothing in doubt ever moves. A batch somebody of
which was tried through an account stays with it while it is well; one nobody touched goes back to the first when it is.
"""

from delivery.failover.choosing import Refusal, carriers_of, leaves_through, refusals_of, stand_ins
from delivery.failover.health import end_outages, look, open_outages, try_again
from delivery.failover.signs import leads_elsewhere
from delivery.failover.steering import steer, steer_all

__all__ = [
    "Refusal",
    "carriers_of",
    "end_outages",
    "leads_elsewhere",
    "leaves_through",
    "look",
    "open_outages",
    "refusals_of",
    "stand_ins",
    "steer",
    "steer_all",
    "try_again",
]
