"""The governor: slower with one mailbox provider when it asks for it, and back step by step when it is content.

    step 0 free · 1, 2, 3, 4 slower and slower; each new sign is a step up and a rest, fifteen good minutes a step down

It acts at claim (rest, connections) and by the size of windows (rate), never on an open window.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from delivery.models import Pace
from delivery.models.limits import EVERYBODY

log = structlog.get_logger(__name__)

# Messages a minute and connections at each step; the first is no limit.
PER_MINUTE = (0, 600, 120, 30, 6)
CONNECTIONS = (0, 4, 1, 1, 1)
LAST_STEP = len(PER_MINUTE) - 1
GOOD = timedelta(minutes=15)

# A share of deferrals that is a sign even where the texts say nothing; at least so many of them.
SHARE = 0.1
ENOUGH = 5

_TOO_FAST = re.compile(
    r"4\.7\.28|4\.7\.0\b|4\.7\.650|too (many|fast|quickly)|rate.?limit|throttl|slow down"
    r"|OFR_10[0-9]|unusual rate|excessive|temporarily (deferred|blocked|rate)|deferred due to",
    re.IGNORECASE,
)
# So many a connection: the next connection is welcome at once.
_PER_CONNECTION = re.compile(r"(on|per|in|for) (this |one |a )?(connection|session)", re.IGNORECASE)
_GMAIL = re.compile(r"4\.7\.28")


@dataclass(frozen=True, slots=True)
class Answers:
    """What one batch heard: how many answers, how many of them "later", and the words of the latter (a few)."""

    answered: int
    deferred: int
    words: Sequence[str] = ()


def sign_in(answers: Answers) -> str:
    """The words of an answer that asks for less, or "" when nobody does."""
    for words in answers.words:
        # A bare 421 is a server that restarts or has enough connections: three windows in a row that bring nothing
        # rest the mailing (sending.FRUITLESS), and nobody is slowed for it.
        if _TOO_FAST.search(words) and not _PER_CONNECTION.search(words):
            return words
    if answers.deferred >= max(ENOUGH, answers.answered * SHARE):
        return answers.words[0] if answers.words else "deferred"
    return ""


def rest_for(step: int, words: str) -> timedelta:
    """How long to stay away. Gmail after 4.7.28: ten minutes, then one connection."""
    if _GMAIL.search(words):
        return timedelta(minutes=10)
    return timedelta(minutes=min(30, 2**step))


def learn(*, provider_id: int, mx_group: int, answers: Answers, now: datetime) -> bool:
    """Take in what a batch heard; True when this mailbox provider is slowed (further) for it."""
    words = sign_in(answers)
    if not words:
        return False
    with transaction.atomic():
        pace, _ = Pace.objects.select_for_update().get_or_create(provider_id=provider_id, mx_group=mx_group)
        if pace.rest_until is not None and pace.rest_until > now:
            return False  # another batch of the same minute said so already
        pace.step = min(LAST_STEP, max(pace.step + 1, 2 if _GMAIL.search(words) else 1))
        pace.rest_until = now + rest_for(pace.step, words)
        pace.reason, pace.bad_at = words[:500], now
        pace.save()
    log.info("slowed", provider=provider_id, mx_group=mx_group, step=pace.step, words=words)
    return True


def hold_account(provider_id: int, *, until: datetime, words: str) -> None:
    """Nothing leaves through this account before: its own rate or quota, at whatever mailbox provider."""
    said = {"rest_until": until, "reason": words[:500]}
    Pace.objects.update_or_create(provider_id=provider_id, mx_group=EVERYBODY, defaults=said)


def free_account(provider_id: int) -> None:
    """A person's word, or a login: what held the whole account is over."""
    Pace.objects.filter(provider=provider_id, mx_group=EVERYBODY).update(rest_until=None)


def keep_slow(*, provider_id: int, mx_group: int, now: datetime) -> None:
    """At least one step, as long as a brake says so; fifteen minutes after the last word it recovers."""
    pace, is_new = Pace.objects.get_or_create(
        provider_id=provider_id, mx_group=mx_group, defaults={"step": 1, "bad_at": now}
    )
    if not is_new:
        Pace.objects.filter(pk=pace.pk).update(step=Greatest(F("step"), 1), bad_at=now)


def recover(*, now: datetime) -> int:
    """A step faster for every mailbox provider that was content for fifteen minutes; called by the sweep."""
    content = Pace.objects.filter(Q(rest_until=None) | Q(rest_until__lte=now), step__gt=0, bad_at__lte=now - GOOD)
    return content.update(step=F("step") - 1, bad_at=now)
