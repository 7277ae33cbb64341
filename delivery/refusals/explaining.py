"""One answer of a server, in plain words."""

from collections.abc import Iterable, Mapping

from delivery.dialects import Meaning, meaning_of
from delivery.models import Cause as OutageCause
from delivery.reasons import Reason
from delivery.refusals import causes
from delivery.refusals.advice import advice
from delivery.refusals.causes import UNEXPLAINED, Cause
from delivery.refusals.table import TABLE

_BY_MEANING: Mapping[Meaning, Cause] = {
    Meaning.TOO_FAST: causes.RATE,
    Meaning.QUOTA: causes.QUOTA,
    Meaning.ACCOUNT: causes.ACCOUNT,
    Meaning.SENDER: causes.NOT_OUR_DOMAIN,
    Meaning.ADDRESS: causes.DEAD,
    Meaning.LISTED: causes.LISTED_THERE,
    Meaning.SIZE: causes.SIZE,
    Meaning.CONTENT: causes.FORM,
}
_BY_OUTAGE: Mapping[int, Cause] = {
    OutageCause.ACCOUNT: causes.ACCOUNT,
    OutageCause.QUOTA: causes.QUOTA,
    OutageCause.UNREACHABLE: causes.UNREACHABLE,
    OutageCause.SENDER: causes.NOT_OUR_DOMAIN,
}


def explain(reply: str, *, mx_group: int, reason: int = 0, kinds: Iterable[str] = ()) -> Cause:
    """Cause and next step. A provider's own rows count before anybody's; where no row fits, our reason speaks.

    `mx_group`: contacts.mailbox_providers; `reason`: delivery.reasons, 0 for a deferral; `kinds`: of the accounts whose
    API may have said it.
    """
    for kind in kinds:
        if found := _BY_MEANING.get(meaning_of(kind, None, reply) or Meaning.LATER):
            return found
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


def explain_outage(cause: int) -> Cause:
    """Why an account is out of order, and what to do about it."""
    return _BY_OUTAGE[cause]


def explain_account(words: str, *, kind: str) -> Cause | None:
    """What an account's answer says of the account; None where it says nothing of it."""
    meaning = meaning_of(kind, None, words)
    return _BY_MEANING[meaning] if meaning and meaning.is_about_us else None
