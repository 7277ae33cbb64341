"""What each provider answers when it does not simply take a message, as it writes it, and what that means for us.

The same questions for every kind: too fast, quota, account, sender, this person. Texts are those of the sources named
in delivery/dialects.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delivery.capabilities import KINDS, SMTP
from delivery.dialects import DIALECTS, Meaning, is_about_us, meaning_of, read
from delivery.lanes.contract import Halt, Result
from delivery.reasons import Reason
from delivery.refusals import causes, explain, explain_account
from delivery.verdicts import Verdict
from tests.delivery.lanes.api import HTTP_KINDS, TO, Api, api, provider_for, send

__all__ = ["api"]

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOO_FAST, QUOTA, ACCOUNT, SENDER = "too fast", "quota", "account", "sender"
ADDRESS, LISTED = "address", "listed"


@dataclass(frozen=True)
class Answer:
    """One answer: what it is about, its status, its body, its headers."""

    about: str
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def amazon(about: str, name: str, words: str, status: int = 400) -> Answer:
    return Answer(about, status, {"__type": name, "message": words})


def brevo(about: str, status: int, code: str, words: str, **headers: str) -> Answer:
    return Answer(about, status, {"code": code, "message": words}, headers)


def mailgun(about: str, status: int, words: str) -> Answer:
    return Answer(about, status, {"message": words})


def mailjet(about: str, status: int, code: str, words: str, related: str) -> Answer:
    error = {"ErrorCode": code, "StatusCode": status, "ErrorMessage": words, "ErrorRelatedTo": [related]}
    return Answer(about, 400, {"Messages": [{"Status": "error", "Errors": [error]}]})


def mandrill(about: str, name: str, words: str) -> Answer:
    return Answer(about, 500, {"status": "error", "code": -1, "name": name, "message": words})


def rejected(about: str, reason: str) -> Answer:
    return Answer(about, 200, [{"email": TO, "status": "rejected", "_id": "1", "reject_reason": reason}])


def postal(about: str, code: str) -> Answer:
    return Answer(about, 200, {"status": "error", "time": 0.0, "data": {"code": code, "message": code}})


def postmark(about: str, code: int, words: str, status: int = 422) -> Answer:
    return Answer(about, status, {"ErrorCode": code, "Message": words})


def resend(about: str, status: int, name: str, words: str, **headers: str) -> Answer:
    told = {key.replace("_", "-"): value for key, value in headers.items()}
    return Answer(about, status, {"statusCode": status, "name": name, "message": words}, told)


def sendgrid(about: str, status: int, words: str, of: str | None = None, **headers: str) -> Answer:
    told = {key.replace("_", "-"): value for key, value in headers.items()}
    return Answer(about, status, {"errors": [{"message": words, "field": of, "help": None}]}, told)


def sparkpost(about: str, status: int, code: str, words: str) -> Answer:
    return Answer(about, status, {"errors": [{"message": words, "code": code}]})


SAID: dict[str, list[Answer]] = {
    "amazon_ses": [
        amazon(TOO_FAST, "TooManyRequestsException", "Maximum sending rate exceeded.", 429),
        amazon(QUOTA, "TooManyRequestsException", "Daily message quota exceeded.", 429),
        amazon(ACCOUNT, "SendingPausedException", "Email sending is disabled for this account"),
        amazon(ACCOUNT, "UnrecognizedClientException", "The security token included is invalid.", 403),
        amazon(SENDER, "MessageRejected", "Email address is not verified. The following identities failed the check"),
        amazon(ADDRESS, "BadRequestException", "Missing final '@domain'"),
        amazon(LISTED, "MessageRejected", "Address is on the suppression list"),
    ],
    "brevo": [
        brevo(TOO_FAST, 429, "too_many_requests", "Too many requests", **{"x-sib-ratelimit-reset": "3"}),
        brevo(QUOTA, 402, "not_enough_credits", "You do not have enough credits"),
        brevo(ACCOUNT, 401, "unauthorized", "Key not found"),
        brevo(ACCOUNT, 403, "account_under_validation", "Your account is under validation"),
        brevo(SENDER, 400, "invalid_parameter", "Sending has been rejected because the sender you used is not valid"),
        brevo(ADDRESS, 400, "invalid_parameter", "email is not valid in to"),
    ],
    "mailersend": [
        Answer(TOO_FAST, 429, {"message": "Your account reached its rate limit of 120 requests/min. #MS42903"}),
        Answer(QUOTA, 429, {"message": "Your account reached its API daily quota limit. #MS42901"}),
        Answer(QUOTA, 422, {"message": "Your account reached its email quota limit. #MS42204"}),
        Answer(ACCOUNT, 403, {"message": "Your account is suspended, you can't do any more requests. #MS40304"}),
        Answer(ACCOUNT, 401, {"message": "Unauthenticated."}),
        Answer(SENDER, 422, {"message": "The from.email domain must be verified in your account. #MS42207"}),
        Answer(ADDRESS, 422, {"message": "The to.0.email must be a valid email address. #MS42208"}),
        Answer(
            LISTED, 202, {"warnings": [{"type": "ALL_SUPPRESSED", "recipients": [{"email": TO, "reasons": ["x"]}]}]}
        ),
    ],
    "mailgun": [
        mailgun(TOO_FAST, 429, "Too Many Requests"),
        mailgun(QUOTA, 420, "Domain verdier.example is not allowed to send: recipient limit exceeded"),
        mailgun(QUOTA, 400, "Domain v.example is not allowed to send: You are sending too fast. Account on probation."),
        mailgun(ACCOUNT, 400, "Domain v.example is not allowed to send: Please activate your Mailgun account."),
        mailgun(ACCOUNT, 401, "Forbidden"),
        mailgun(SENDER, 400, "Domain v.example is not allowed to send: The domain is unverified and requires DNS"),
        mailgun(ADDRESS, 400, "to parameter is not a valid address. please check documentation"),
    ],
    "mailjet": [
        Answer(TOO_FAST, 429, {"StatusCode": 429, "ErrorMessage": "Too Many Requests"}),
        Answer(QUOTA, 403, {"StatusCode": 403, "ErrorMessage": "Your daily sending limit has been reached"}),
        Answer(ACCOUNT, 401, {"StatusCode": 401, "ErrorMessage": "API key authentication/authorization failure."}),
        mailjet(ACCOUNT, 401, "mj-0001", "Your account has been temporarily blocked.", ""),
        mailjet(SENDER, 403, "send-0008", "a@v.example is not an authorized sender email address.", "From"),
        mailjet(ADDRESS, 400, "mj-0013", f'"{TO}" is an invalid email address.', "To[0].Email"),
    ],
    "mailtrap": [
        Answer(TOO_FAST, 429, {"errors": ["Rate limit exceeded"]}),
        Answer(QUOTA, 403, {"success": False, "errors": ["The email limit is reached. Please upgrade your plan"]}),
        Answer(ACCOUNT, 401, {"errors": ["Unauthorized"]}),
        Answer(SENDER, 403, {"errors": ["Sending from domain verdier.example is not allowed"]}),
        Answer(ADDRESS, 400, {"success": False, "errors": ["'to' address is invalid"]}),
    ],
    "mandrill": [
        mandrill(TOO_FAST, "ServiceUnavailable", "The subsystem providing this API call is down for maintenance"),
        mandrill(QUOTA, "PaymentRequired", "The requested feature requires payment."),
        mandrill(ACCOUNT, "Invalid_Key", "Invalid API key"),
        mandrill(ACCOUNT, "PoorReputation", "The user's reputation is too low to continue."),
        rejected(SENDER, "unsigned"),
        rejected(LISTED, "hard-bounce"),
        rejected(ADDRESS, "invalid"),
    ],
    "postal": [
        postal(ACCOUNT, "InvalidServerAPIKey"),
        postal(ACCOUNT, "ServerSuspended"),
        postal(SENDER, "UnauthenticatedFromAddress"),
    ],
    "postmark": [
        postmark(TOO_FAST, 100, "We are down for maintenance", 503),
        Answer(TOO_FAST, 429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}, {"Retry-After": "2"}),
        postmark(QUOTA, 405, "You've run out of email credits."),
        postmark(ACCOUNT, 10, "No Account or Server API tokens were supplied", 401),
        postmark(ACCOUNT, 412, "While your account is pending approval, all recipients must share your domain."),
        postmark(ACCOUNT, 413, "Your account has been disabled for sending."),
        postmark(SENDER, 400, "The 'From' address you supplied is not a Sender Signature on your account."),
        postmark(SENDER, 300, "Invalid 'From' address: 'a@v.example' is not a verified sender signature."),
        postmark(LISTED, 406, "You tried to send to recipient(s) that have been marked as inactive."),
        postmark(ADDRESS, 300, "Error parsing 'To': Illegal email domain"),
    ],
    "resend": [
        resend(TOO_FAST, 429, "rate_limit_exceeded", "Too many requests.", retry_after="1"),
        resend(QUOTA, 429, "daily_quota_exceeded", "You have reached your daily email sending quota.",
               ratelimit_reset="1", retry_after="1"),
        resend(QUOTA, 429, "monthly_quota_exceeded", "You have reached your monthly email quota."),
        resend(ACCOUNT, 403, "invalid_api_key", "API key is invalid"),
        resend(SENDER, 403, "validation_error", "The verdier.example domain is not verified. Add and verify it."),
        resend(ADDRESS, 422, "validation_error", "Invalid `to` field. The email address needs to follow the format."),
    ],
    "scaleway": [
        Answer(TOO_FAST, 429, {"type": "too_many_requests", "message": "too many requests"}),
        Answer(QUOTA, 403, {"type": "quotas_exceeded", "message": "quota(s) exceeded", "details": [{"quota": 10}]}),
        Answer(ACCOUNT, 401, {"type": "denied_authentication", "message": "authentication is denied"}),
        Answer(ACCOUNT, 403, {"type": "permissions_denied", "message": "insufficient permissions"}),
        Answer(SENDER, 412, {"type": "precondition_failed", "message": "domain is not checked"}),
        Answer(ADDRESS, 400, {"type": "invalid_arguments", "details": [{"argument_name": "to", "reason": "format"}]}),
    ],
    "sendgrid": [
        sendgrid(TOO_FAST, 429, "too many requests", X_RateLimit_Reset="9"),
        sendgrid(QUOTA, 401, "Maximum credits exceeded"),
        sendgrid(ACCOUNT, 401, "The provided authorization grant is invalid, expired, or revoked"),
        sendgrid(SENDER, 403, "The from address does not match a verified Sender Identity.", "from"),
        sendgrid(ADDRESS, 400, "Does not contain a valid address.", "personalizations.0.to.0.email"),
    ],
    "sparkpost": [
        Answer(TOO_FAST, 429, {"errors": [{"message": "Too many requests"}]}),
        sparkpost(QUOTA, 420, "2102", "Exceed Sending Limit (daily)"),
        sparkpost(QUOTA, 420, "2105", "Exceed Sending Limit (monthly)"),
        sparkpost(ACCOUNT, 401, "", "Unauthorized."),
        sparkpost(ACCOUNT, 420, "2103", "Exceed Sending Limit (sandbox)"),
        sparkpost(SENDER, 400, "7001", "Unconfigured Sending Domain <verdier.example>"),
        sparkpost(ADDRESS, 400, "5002", "No valid recipients in list"),
    ],
    "unisender_go": [
        Answer(TOO_FAST, 429, {"status": "error", "message": "Too many requests", "code": 429}),
        Answer(QUOTA, 403, {"status": "error", "message": "Daily email limit exceeded", "code": 1}),
        Answer(ACCOUNT, 401, {"status": "error", "message": "User not found", "code": 114}),
        Answer(SENDER, 400, {"status": "error", "message": "from_email domain is unconfirmed", "code": 1}),
        Answer(LISTED, 200, {"status": "success", "job_id": "1", "emails": [], "failed_emails": {TO: "unsubscribed"}}),
        Answer(ADDRESS, 200, {"status": "success", "job_id": "1", "emails": [], "failed_emails": {TO: "invalid"}}),
    ],
}  # fmt: skip
HALTS = {TOO_FAST: Halt.WAIT, QUOTA: Halt.QUOTA, ACCOUNT: Halt.PAUSE, SENDER: Halt.SENDER}
CAUSES = {
    TOO_FAST: causes.RATE, QUOTA: causes.QUOTA, ACCOUNT: causes.ACCOUNT, SENDER: causes.NOT_OUR_DOMAIN,
    ADDRESS: causes.DEAD, LISTED: causes.LISTED_THERE,
}  # fmt: skip


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_each_answer_is_about_whom_it_is_about(kind: str, api: Api) -> None:
    found = {(one.about, str(one.body)): said_of(kind, api, one) for one in SAID[kind]}

    wrong = {
        said: (result.verdict.name, result.halt, result.reason)
        for said, result in found.items()
        if not is_as_it_should_be(said[0], result)
    }
    assert wrong == {}


def said_of(kind: str, api: Api, answer: Answer) -> Result:
    api.headers = answer.headers
    api.moods = [lambda path, body: (answer.status, answer.body)]
    api.asked.clear()
    result = send(provider_for(kind, api.url))[0]
    assert len(api.asked) == 1
    return result


def is_as_it_should_be(about: str, result: Result) -> bool:
    if about in HALTS:  # nobody written to is counted for it
        return (result.verdict, result.halt) == (Verdict.NOT_BEGUN, HALTS[about])
    reason = Reason.REFUSED_ADDRESS if about == ADDRESS else Reason.REFUSED_POLICY
    return (result.verdict, result.reason, result.halt) == (Verdict.REFUSED, reason, None)


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_each_answer_has_its_cause_and_next_step_in_plain_words(kind: str, api: Api) -> None:
    """Of those that say it themselves: a bare 401 is explained by its class (explain_outage)."""
    for one in SAID[kind]:
        reply = said_of(kind, api, one).reply
        assert reply
        if one.about in HALTS:
            assert explain_account(reply, kind=kind) in (CAUSES[one.about], None), reply
        else:
            assert explain(reply, mx_group=0, kinds=[kind]) == CAUSES[one.about]


def test_every_kind_has_its_phrases_and_says_of_each_class_how() -> None:
    assert set(DIALECTS) == set(KINDS)
    asked = {TOO_FAST, QUOTA, ACCOUNT, SENDER, ADDRESS}
    missing = {kind: asked - {one.about for one in said} for kind, said in SAID.items()}
    # Postal takes whatever comes, and holds what is too much; a wrong address fails its whole form.
    assert {kind: what for kind, what in missing.items() if what} == {"postal": {TOO_FAST, QUOTA, ADDRESS}}


@pytest.mark.parametrize(
    ("kind", "status", "words", "headers", "meaning", "wait"),
    [
        ("mailersend", 429, "#MS42901", {}, Meaning.QUOTA, timedelta(hours=15)),
        ("resend", 429, '"name":"daily_quota_exceeded"', {"Retry-After": "3600"}, Meaning.QUOTA, timedelta(hours=1)),
        ("resend", 429, '"name":"daily_quota_exceeded"', {"ratelimit-reset": "1"}, Meaning.QUOTA, None),
        ("brevo", 429, "", {"x-sib-ratelimit-reset": "3"}, Meaning.TOO_FAST, timedelta(seconds=3)),
        ("sendgrid", 429, "", {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 30)}, Meaning.TOO_FAST,
         timedelta(seconds=30)),
        ("postmark", 429, "", {"Retry-After": "7200"}, Meaning.QUOTA, timedelta(hours=2)),
        ("postmark", 429, "", {"Retry-After": "Tue, 24 Nov 2026 09:00:20 GMT"}, Meaning.TOO_FAST,
         timedelta(seconds=20)),
        ("mailgun", 420, "is not allowed to send: recipient limit exceeded, try again after Tue, 24 Nov 2026 "
         "09:40:00 UTC", {}, Meaning.QUOTA, timedelta(minutes=40)),
        ("mailgun", 420, "is not allowed to send: recipient limit exceeded, try again after Tue, 24 Nov 2026 "
         "09:00:19 UTC", {}, Meaning.TOO_FAST, timedelta(seconds=19)),
        (SMTP, 554, "554 Your account is on probation and domains are limited to 100 messages / hour. Account will be "
         "enabled in 341 seconds", {}, Meaning.TOO_FAST, timedelta(seconds=341)),
        ("resend", 429, "", {"Retry-After": "nonsense"}, Meaning.TOO_FAST, None),
        ("resend", 429, "", {"Retry-After": "99999999999"}, Meaning.TOO_FAST, timedelta(0)),
    ],
)  # fmt: skip
def test_the_wait_is_the_one_asked_for(
    kind: str, status: int, words: str, headers: dict[str, str], meaning: Meaning, wait: timedelta | None
) -> None:
    """A rate that asks for ten minutes or more is a quota by another name, and the other way round."""
    said = read(kind, status, words, headers, now=NOW)

    assert said is not None
    if headers.get("Retry-After") == "99999999999":  # a second of the epoch in a far year: at most a day
        assert said.wait == timedelta(days=1)
        return
    assert (said.meaning, said.wait) == (meaning, wait)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("550 5.4.5 Daily user sending limit exceeded. For more information on Gmail", Meaning.QUOTA),
        ("550 5.4.5 Daily SMTP relay limit exceeded for user.", Meaning.QUOTA),
        ("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed", Meaning.QUOTA),
        ("550 5.1.90 Your message can't be sent because you've reached your daily limit", Meaning.QUOTA),
        ("454 Throttling failure: Daily message quota exceeded.", Meaning.QUOTA),
        ("452 4.5.3 Daily message limit exceeded", Meaning.QUOTA),
        ("451 Authentication failed: Maximum credits exceeded", Meaning.QUOTA),
        ("535 5.7.0 The email limit is reached. Please upgrade your plan", Meaning.QUOTA),
        ("550 You have reached your daily email sending quota.", Meaning.QUOTA),
        ("550 5.4.5 <a@b.example>: Recipient address rejected: Domain Sending Quota Exceeded", Meaning.QUOTA),
        ("550 Domain v.example has exceeded the max emails per hour (101/100 (101%)) allowed.", Meaning.QUOTA),
        ("421 Domain v.example is not allowed to send: recipient limit exceeded", Meaning.QUOTA),
        ("535 5.7.8 Username and Password not accepted", Meaning.ACCOUNT),
        ("550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", Meaning.ACCOUNT),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", Meaning.SENDER),
        ("553 5.7.1 <a@b.example>: Sender address rejected: not owned by user x", Meaning.SENDER),
        # about the person, or a pace
        ("552 5.2.2 The email account that you tried to reach is over quota", None),
        ("452 4.2.2 The recipient's inbox is out of storage space and inactive", None),
        ("550 5.2.121 Recipient's per hour message receive limit from specific sender exceeded", None),
        ("550 5.2.1 receiving mail at a rate that prevents additional messages", None),
        ("450 4.2.1 Peak SMTP relay limit exceeded for customer", None),
        ("454 Throttling failure: Maximum sending rate exceeded", None),
        ("421 4.7.0 [TSS04] Messages temporarily deferred due to user complaints", None),
        ("552 5.3.4 Message size exceeds fixed maximum message size", None),
        ("451 4.7.1 Message rate limit exceeded", None),
        ("550 5.1.1 user unknown", None),
        ("550 mailbox quota exceeded", None),
    ],
)
def test_what_relays_say_by_smtp(text: str, meaning: Meaning | None) -> None:
    assert meaning_of(SMTP, int(text[:3]), text) == meaning
    assert is_about_us(int(text[:3]), text) == (meaning is not None)


def test_a_500_is_doubt_unless_the_provider_says_an_error_is_one() -> None:
    assert meaning_of("mandrill", 500, '{"status":"error","name":"GeneralError"}') is None
    assert meaning_of("brevo", 500, '{"code":"not_enough_credits","message":"sender is not valid"}') is None
