"""What delivery hears from lower floors. Nothing is lost here: what fails stays due and is found by the sweep."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from contacts.signals import confirmation_due, lists_joined
from deliverability.signals import bounces_moved
from delivery import alignment
from delivery.mails import send_confirmation, send_welcome


@receiver(confirmation_due)
def mail_a_confirmation(sender: Any, confirmation: int, **_: Any) -> None:
    send_confirmation(confirmation, at=timezone.now())


@receiver(lists_joined)
def mail_a_welcome(sender: Any, contact: int, lists: Sequence[int], **_: Any) -> None:
    for number in lists:
        send_welcome(contact, number, at=timezone.now())


@receiver(bounces_moved)
def look_up_again(sender: Any, domain_id: int, **_: Any) -> None:
    alignment.ask_soon(domain_id)
