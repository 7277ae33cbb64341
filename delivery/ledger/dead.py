"""A dead address is written to by nothing any more, transactional mail included; known with its outcome."""

from collections.abc import Sequence

from django.utils import timezone

from contacts.models import Suppression
from contacts.services import suppress_all
from delivery.ledger.storing import is_dead
from delivery.models import Message
from delivery.verdicts import Fact


def suppress_dead(facts: Sequence[Fact], *, mailing_id: int) -> None:
    """Suppress whom the server called dead; in the transaction of the outcomes, so that no crash parts them."""
    dead = [fact.message_id for fact in facts if is_dead(fact)]
    if not dead:
        return
    keys = Message.objects.filter(pk__in=dead).exclude(address_key=None).values_list("address_key", flat=True)
    suppress_all(
        address_keys=[key for key in keys if key],
        reason=Suppression.Reason.HARD_BOUNCE,
        scope=Suppression.Scope.ALL,
        origin=f"mailing:{mailing_id}",
        at=timezone.now(),
    )
