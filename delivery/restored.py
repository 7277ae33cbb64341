"""What a person sees and decides after a restored backup: the mailings that were waiting or under way in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from delivery.guard import RESTORED
from delivery.ledger import Ledger, ledger_of
from delivery.models import Guard, Mailing, Outcome
from delivery.registry import Asked, recoveries

EACH = 200  # mailings on the page: more are open at once nowhere


@dataclass(frozen=True, slots=True)
class Undecided:
    """One mailing that waits for a person: what the backup knows of it."""

    mailing: Mailing
    ledger: Ledger
    last_at: datetime | None  # the last outcome the backup has
    learned: int  # settled by evidence that came after the restore

    @property
    def key(self) -> str:
        return str(self.mailing.pk)


@dataclass(frozen=True, slots=True)
class Restored:
    guard: Guard | None
    mailings: list[Undecided]
    asked: list[Asked]

    @property
    def is_held(self) -> bool:
        return self.guard is not None and self.guard.held_at is not None


def restored() -> Restored:
    """The state of the guard, and every mailing nobody has decided about."""
    guard = Guard.objects.filter(pk=1).first()
    waiting = Mailing.objects.filter(state=Mailing.State.PAUSED, pause_reason=RESTORED).select_related("provider")
    asked = [line for recovery in recoveries for line in recovery()]
    return Restored(guard=guard, mailings=list(_told(waiting.order_by("-pk")[:EACH], guard)), asked=asked)


def _told(mailings: Iterable[Mailing], guard: Guard | None) -> Iterable[Undecided]:
    for mailing in mailings:
        outcomes = Outcome.objects.filter(mailing=mailing)
        settled = outcomes.exclude(settled_by=None)
        yield Undecided(
            mailing=mailing,
            ledger=ledger_of(mailing.pk, with_reasons=False),
            last_at=outcomes.filter(settled_by=None, claim__isnull=False).aggregate(at=Max("at"))["at"],
            learned=settled.filter(at__gt=guard.lost_since).count() if guard and guard.lost_since else settled.count(),
        )
