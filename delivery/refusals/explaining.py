"""One answer of a server, in plain words."""

from delivery.reasons import Reason
from delivery.refusals.advice import advice
from delivery.refusals.causes import UNEXPLAINED, Cause
from delivery.refusals.table import TABLE


def explain(reply: str, *, mx_group: int, reason: int = 0) -> Cause:
    """Cause and next step. A provider's own rows count before anybody's; where no row fits, our reason speaks.

    `mx_group`: contacts.mailbox_providers; `reason`: delivery.reasons, 0 for a deferral.
    """
    for who, pattern, cause in TABLE:
        if (not who or mx_group in who) and pattern.search(reply):
            return cause
    # A company's mail may be kept by a large provider whose MX was not looked up yet: its codes are its own.
    for who, pattern, cause in TABLE:
        if who and pattern.search(reply):
            return cause
    if not reason:
        return UNEXPLAINED
    known = advice(reason)
    return Cause(Reason(reason).label, known.next, known.icon, known.kind)
