"""How far a server is trusted with pipelining: what it offered, what it proved, and what it was caught at.

    0 STEPWISE   one command, one reply               always works
    1 GROUPS     RSET MAIL RCPT DATA together         PIPELINING
    2 TOGETHER   the body and the next envelope       PIPELINING
    3 CHUNKS     envelope and BDAT LAST together      CHUNKING, and the probe of each connection passed
    4 SEVERAL    several whole messages in flight     a hundred messages of level 3 without fault

Kept per provider as data (`Provider.wire`); a person can pin a ceiling (`options["level"]`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from delivery.models import Provider

log = structlog.get_logger(__name__)

STEPWISE, GROUPS, TOGETHER, CHUNKS, SEVERAL = range(5)
PROBATION = 100  # messages of level 3
PENANCE = timedelta(days=1)


def ceiling_of(provider: Provider) -> int:
    """The highest level that may be tried with this account now."""
    pinned = provider.options.get("level")
    ceiling = SEVERAL if pinned is None else int(pinned)
    stumble = stumble_of(provider)
    return min(ceiling, int(provider.wire["lowered_to"])) if stumble else ceiling


@dataclass(frozen=True, slots=True)
class Stumble:
    """A server was caught at something: until when it is spoken to more carefully, and what it had said."""

    until: datetime
    words: str


def stumble_of(provider: Provider) -> Stumble | None:
    """What holds now; None when nothing does."""
    until = provider.wire.get("lowered_until")
    if not until or datetime.fromisoformat(until) <= timezone.now():
        return None
    return Stumble(datetime.fromisoformat(until), str(provider.wire.get("lowered_why", "")))


def has_proven(provider: Provider) -> bool:
    """Whether level 4 was earned."""
    return bool(provider.wire.get("has_proven"))


def remember_fault(provider_id: int, *, level: int, why: str) -> None:
    """A server answered what the rules do not explain: one level down, for a day, for every host."""
    log.warning("smtp_surprise", provider=provider_id, level=level, why=why)
    lowered = {
        "lowered_to": max(STEPWISE, level - 1),
        "lowered_until": (timezone.now() + PENANCE).isoformat(),
        "lowered_why": why[:300],
        "has_proven": False,
    }
    Provider.objects.filter(pk=provider_id).update(wire=lowered)


def remember_proofs(provider: Provider) -> None:
    """The hundred messages of level 3 are through: later connections begin with several in flight.

    Nothing is written when somebody else wrote meanwhile: it may have been a surprise.
    """
    Provider.objects.filter(pk=provider.pk, wire=provider.wire).update(wire={"has_proven": True})
