"""Reads of the inbox."""

from django.db.models import Q, QuerySet

from catcher.models import CaughtMessage


def inbox(*, search: str = "") -> QuerySet[CaughtMessage]:
    """Caught messages without their source; `search` finds the start of a recipient or a piece of the subject.

    The table is small by construction (catcher.services.KEEP_COUNT), so a scan of its narrow part is fine.
    """
    messages = CaughtMessage.objects.defer("source")
    if search:
        messages = messages.filter(Q(rcpt_to__istartswith=search) | Q(subject__icontains=search))
    return messages
