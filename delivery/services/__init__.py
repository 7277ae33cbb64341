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
    Canary,
    ContentOrder,
    MailingOrder,
    MailingRefused,
    Problem,
    alignment_problems,
    check_order,
    draw_occasion,
    is_loopback,
    plan_mailing,
    provider_problems,
    stream_of,
    stream_problems,
)
from delivery.services.providers import (
    ConnectionTest,
    ProviderInput,
    ProviderRefused,
    ensure_catcher,
    save_provider,
    set_default,
    store_secret,
    test_connection,
)
from delivery.services.testing import TestResult, send_test

__all__ = [
    "Canary",
    "ConnectionTest",
    "ContentOrder",
    "MailingOrder",
    "MailingRefused",
    "Problem",
    "ProviderInput",
    "ProviderRefused",
    "TestResult",
    "alignment_problems",
    "cancel_mailing",
    "check_order",
    "draw_occasion",
    "drive",
    "drop_planned",
    "ensure_catcher",
    "follow",
    "is_loopback",
    "pause_mailing",
    "plan_mailing",
    "postpone_mailing",
    "provider_problems",
    "resume_mailing",
    "save_provider",
    "send_test",
    "set_default",
    "store_secret",
    "stream_of",
    "stream_problems",
    "test_connection",
]
