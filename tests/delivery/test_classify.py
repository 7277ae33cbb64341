"""A server's words in ours: rules of the trade, case by case."""

import pytest

from delivery.classify import refusal_reason
from delivery.dialects import is_about_us
from delivery.reasons import Reason


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (550, "550 5.1.1 The email account that you tried to reach does not exist", Reason.REFUSED_ADDRESS),
        (550, "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Reason.REFUSED_ADDRESS),
        (550, "550 5.2.1 mailbox disabled, not accepting messages", Reason.REFUSED_ADDRESS),
        (550, "550-5.2.1 The user you are trying to contact is receiving mail at a rate that", Reason.REFUSED_OTHER),
        (552, "552 5.2.2 The email account that you tried to reach is over quota", Reason.REFUSED_FULL),
        (452, "452 4.2.2 mailbox full", Reason.REFUSED_FULL),
        (552, "552 5.3.4 Message size exceeds fixed limit", Reason.REFUSED_SIZE),
        (552, "552 message too big", Reason.REFUSED_SIZE),
        (550, "550 5.7.1 Our system has detected that this message is likely unsolicited mail", Reason.REFUSED_POLICY),
        (550, "550 5.7.515 Access denied, sending domain does not meet the required level", Reason.REFUSED_POLICY),
        (550, "550 5.7.26 user unknown to our policy", Reason.REFUSED_POLICY),
        (554, "554 5.6.0 Message content rejected", Reason.REFUSED_CONTENT),
        (550, "550 user unknown", Reason.REFUSED_ADDRESS),
        (550, "550 Requested action not taken: mailbox unavailable", Reason.REFUSED_OTHER),
        (550, "550 blocked by our reputation system", Reason.REFUSED_POLICY),
        (None, '{"message": "Recipient mailbox does not exist"}', Reason.REFUSED_ADDRESS),
    ],
)
def test_refusals(code: int | None, text: str, reason: Reason) -> None:
    assert refusal_reason(code, text) == reason


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (530, "530 5.7.0 Authentication required"),
        (554, "554 5.7.1 <camille@poste.example>: Relay access denied"),
        (553, "553 5.7.1 <news@x.example>: Sender address rejected: not owned by user envol"),
        (554, "554 Message rejected: Email address is not verified. The following identities failed the check"),
        (550, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        (550, "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to"),
        (554, "554 You have exceeded your daily sending quota"),
        (550, "550 5.1.8 Sender's system address rejected"),
        (None, '{"code":"invalid_parameter","message":"sender email is not valid"}'),
        (None, "The domain verdier.example is not verified. Please add and verify your domain"),
    ],
)
def test_words_about_ourselves_refuse_nobody(code: int | None, text: str) -> None:
    assert is_about_us(code, text)


@pytest.mark.parametrize(
    "text", ["550 5.1.1 user unknown", "550 5.7.1 message refused as spam", "552 5.2.2 mailbox full"]
)
def test_words_about_the_person_are_no_words_about_us(text: str) -> None:
    assert not is_about_us(550, text)
