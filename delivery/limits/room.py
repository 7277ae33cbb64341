"""Room kept for urgent mail at accounts with limits: campaigns leave the last share of a rate and of a day alone.

Only where such mail is sent: an account without an open mailing of a transactional stream gives all of it to campaigns.
"""

import math

from django.db.models import Q

from delivery.models import Limit, Mailing, Stream

RATE_SHARE = 0.2  # of what may leave at once
DAY_SHARE = 0.05
SMALLEST_DAY = 20  # messages; of fewer nothing is kept


def is_kept(provider_id: int) -> bool:
    """Whether urgent mail is sent through this account."""
    leaves = Q(provider=provider_id) | Q(detours__provider=provider_id, detours__ended_at=None)
    urgent = Mailing.objects.filter(state=Mailing.State.SENDING, stream__kind=Stream.Kind.TRANSACTIONAL)
    return urgent.filter(leaves).exists()


def kept_of_burst(burst: int) -> int:
    """Messages of a burst that campaigns leave alone; a burst of one is for whoever comes first."""
    return min(burst - 1, math.ceil(burst * RATE_SHARE))


def kept_of_day(limit: Limit) -> int:
    """Messages of a day's quota that campaigns leave alone."""
    return math.ceil(limit.amount * DAY_SHARE) if limit.amount >= SMALLEST_DAY else 0


def open_to(mailing: Mailing, limit: Limit) -> int:
    """How many messages of a day's quota a mailing may use."""
    is_urgent = mailing.stream is not None and mailing.stream.is_urgent
    return limit.amount if is_urgent or not is_kept(limit.provider_id) else limit.amount - kept_of_day(limit)
