"""What servers really say, and what it means for the person."""

import pytest

from feedback.bounces import classify
from feedback.models import BounceClass

HARD, SOFT, NEUTRAL, POLICY = BounceClass.HARD, BounceClass.SOFT, BounceClass.NEUTRAL, BounceClass.POLICY


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("550-5.1.1 The email account that you tried to reach does not exist. gsmtp", HARD),
        ("550 5.1.2 Host unknown", HARD),
        ("550 5.1.3 Bad destination mailbox address syntax", HARD),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", HARD),
        ("550 5.1.0 Address rejected", HARD),
        ("550 5.2.1 The email account that you tried to reach is disabled", HARD),
        (
            "450 4.2.1 The user is receiving mail at a rate that prevents additional messages",
            SOFT,
        ),
        ("550-5.2.1 The user is receiving mail at a rate that prevents additional messages from being delivered", SOFT),
        ("552 5.2.2 The email account that you tried to reach is over quota", SOFT),
        ("552 5.2.2 Mailbox full", SOFT),
        ("552 5.3.4 Message size exceeds fixed maximum message size", NEUTRAL),
        ("554 5.6.0 Content rejected", NEUTRAL),
        ("550 5.7.1 Message rejected due to local policy", POLICY),
        ("550 5.7.515 Access denied, sending domain does not meet the required authentication level", POLICY),
        ("550-5.7.26 This mail has been blocked because the sender is unauthenticated", POLICY),
        ("421 4.7.28 Gmail has detected an unusual rate of unsolicited mail", POLICY),
        ("550 5.7.1 No such user here, message blocked", POLICY),
        ("451 4.4.7 Message expired", SOFT),
        ("550 5.1.8 Sender address rejected: domain not found", POLICY),
        ("550 No such user here", HARD),
        ("552 Mailbox full: quota exceeded", SOFT),
        ("554 Blocked: listed on a blocklist", POLICY),
        ("connect to mx1.example[10.5.1.1]:25: connection timed out", SOFT),
        ("", SOFT),
    ],
)
def test_the_servers_words(text: str, meaning: BounceClass) -> None:
    assert classify(text=text) == meaning


@pytest.mark.parametrize(
    ("raw", "label", "meaning"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce"}, "bounced", HARD),
        ({"RecordType": "Bounce", "Type": "SoftBounce"}, "bounced", SOFT),
        ({"event": "hard_bounce"}, "bounced", HARD),
        ({"event": "soft_bounce"}, "bounced", SOFT),
        ({"event": "bounce", "hard_bounce": True}, "bounced", HARD),
        ({"event": "bounce", "hard_bounce": False}, "bounced", SOFT),
        ({"event-data": {"severity": "permanent"}}, "other", HARD),
        ({"data": {"bounce": {"type": "Permanent"}}}, "bounced", HARD),
        ({"event": "bounce", "status": "5.1.1"}, "", HARD),
        ({"event": "bounce", "status": "5.7.1", "type": "hard"}, "", POLICY),
        ({}, "invalid", HARD),
        ({}, "spam", POLICY),
        ({}, "blocked", POLICY),
        ({}, "unsubscribed", NEUTRAL),
        ({}, "timed_out", SOFT),
    ],
)
def test_where_the_words_say_nothing_the_provider_is_asked(
    raw: dict[str, object], label: str, meaning: BounceClass
) -> None:
    assert classify(text="", label=label, raw=raw) == meaning


def test_the_servers_code_is_trusted_before_the_providers_word() -> None:
    assert classify(text="550 5.7.1 rejected", label="bounced", raw={"Type": "HardBounce"}) == POLICY
    assert classify(text="452 4.2.2 full", label="bounced", raw={"severity": "permanent"}) == SOFT
