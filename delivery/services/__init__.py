"""The verbs of sending."""

from delivery.services.control import (
    cancel_mailing,
    drop_planned,
    pause_mailing,
    postpone_mailing,
    resume_mailing,
)
from delivery.services.driving import drive, follow
from delivery.services.planning import (
    ContentOrder,
    MailingOrder,
    MailingRefused,
    Problem,
    check_order,
    draw_occasion,
    is_loopback,
    plan_mailing,
    provider_problems,
)

__all__ = [
    "ContentOrder",
    "MailingOrder",
    "MailingRefused",
    "Problem",
    "cancel_mailing",
    "check_order",
    "draw_occasion",
    "drive",
    "drop_planned",
    "follow",
    "is_loopback",
    "pause_mailing",
    "plan_mailing",
    "postpone_mailing",
    "provider_problems",
    "resume_mailing",
]
