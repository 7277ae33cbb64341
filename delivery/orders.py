"""What holds for the batches of one shift, looked up anew each second: the twenty of a second share the answers of a
dozen statements. What may change between two messages is never taken from here: the mark asks for it.
"""

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from contacts.tombstones import any_tombstones
from delivery.ledger import Claim
from delivery.limits import limiter
from delivery.models import Mailing, Provider
from delivery.slots import do_others_wait

GOOD_FOR = 1.0  # seconds

T = TypeVar("T")


class Orders:
    """Of one provider, for all connections of one thread."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._known: dict[Hashable, tuple[float, Any]] = {}

    def rooms(self) -> dict[int, int]:
        """See limits.limiter.rooms."""
        return self._fresh("rooms", lambda: limiter.rooms(self.provider))

    def mailing(self, mailing_id: int) -> Mailing:
        """With its stream."""
        return self._fresh(mailing_id, lambda: Mailing.objects.select_related("stream").get(pk=mailing_id))

    def limiter(self, claim: Claim) -> limiter.Limiter:
        """What limits one batch."""
        mailing = self.mailing(claim.mailing_id)
        found = self._fresh(
            (claim.mailing_id, claim.mx_group),
            lambda: limiter.limiter_for(mailing=mailing, provider=self.provider, mx_group=claim.mx_group),
        )
        return found.for_batch(claim.batch_id)

    def do_others_wait(self, *, is_late: bool) -> bool:
        """See slots.do_others_wait."""
        return self._fresh(("others", is_late), lambda: do_others_wait(self.provider.pk, is_late=is_late))

    def has_tombstones(self) -> bool:
        """Whether anybody was ever erased."""
        return self._fresh("tombstones", any_tombstones)

    def _fresh(self, key: Hashable, look: Callable[[], T]) -> T:
        now = time.monotonic()
        at, answer = self._known.get(key, (0.0, None))
        if answer is None or now - at >= GOOD_FOR:
            answer = look()
            self._known[key] = (now, answer)
        return cast(T, answer)
