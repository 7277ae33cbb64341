"""A test send: the real message through the real provider, its links dead, in no figure and no ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.addresses import BrokenAddress, address_key
from contacts.audience import Audience
from contacts.models import Contact
from delivery.lanes.contract import Await, CannotPrepare, Lane, LaneClosed, Result
from delivery.lanes.opening import lane_for
from delivery.models import Mailing, Message, Provider
from delivery.multiplex import run_together
from delivery.services.planning import ContentOrder, MailingOrder, MailingRefused, Problem, freeze_order
from delivery.skeleton import ContentRefused
from delivery.verdicts import Verdict
from templates_app.variables import contact_variables

# Nobody: a token with it opens no person, so that a click on "unsubscribe" in a test unsubscribes nobody.
NOBODY = 0


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of the copy for one address; `words` are the server's where it did not take it."""

    __test__ = False  # not a class of tests, whatever pytest thinks

    address: str
    is_accepted: bool
    words: str = ""


def send_test(
    order: MailingOrder, *, to: Sequence[str], contact: Contact | None, user: User | None
) -> list[TestResult]:
    """Send each content of the order to each address, as `contact` would read it.

    The subject is prefixed, nothing is tracked, unsubscribe and other personal links open nobody. Raises
    MailingRefused when there is nothing that could be sent at all.
    """
    if order.provider is None or not order.contents:
        raise MailingRefused([Problem("provider", _("A test needs a provider and a content."))])
    contents = tuple(replace(one, subject=_("[Test] %(subject)s") % {"subject": one.subject}) for one in order.contents)
    try:
        with transaction.atomic():
            mailing = freeze_order(replace(order, contents=contents, is_test=True))
            Mailing.objects.filter(pk=mailing.pk).update(state=Mailing.State.FINISHED)
    except ContentRefused as error:
        raise MailingRefused([Problem("content", words) for words in error.problems]) from error
    results = [_send_one(order.provider, message) for message in _messages(mailing, to, contact)]
    audit(verb="mailing.test", target=f"mailing:{mailing.pk}", user=user, to=list(to))
    return results


def _messages(mailing: Mailing, to: Sequence[str], contact: Contact | None) -> list[Message]:
    values = {
        "contact": contact_variables(contact) if contact else {},
        "list": {"id": 0, "name": _("Test")},
    }
    return [
        Message(id=NOBODY, mailing=mailing, content=content, occasion=0, address=address, tracking=0, vars=values)
        for content in mailing.contents.order_by("pk")
        for address in to
    ]


def _send_one(provider: Provider, message: Message) -> TestResult:
    lane = lane_for(provider)
    try:
        address_key(message.address)
        prepared = lane.prepare(message)
        lane.ready()
        results: list[Result] = []
        run_together([_hand_over(lane, prepared, results)])
        if results:
            return TestResult(message.address, results[0].verdict == Verdict.ACCEPTED, results[0].reply)
    except (CannotPrepare, LaneClosed, BrokenAddress) as error:
        return TestResult(message.address, False, str(error))
    finally:
        lane.close()
    return TestResult(message.address, False, _("The server closed the connection."))


def _hand_over(lane: Lane, prepared: Any, results: list[Result]) -> Iterator[Await]:
    for found in lane.send([prepared], may_begin=lambda: True):
        if isinstance(found, Await):
            yield found
        else:
            results.append(found)


def test_of_version(entered: Mapping[str, Any], *, user: User, now: datetime) -> tuple[list[TestResult], list[Problem]]:
    """Send a template version as SendTestForm describes it: the results, or why nothing could be sent."""
    version, sender = entered["version"], entered["sender"]
    content = ContentOrder(
        subject=entered["subject"],
        preheader=entered["preheader"],
        html=version.html,
        sender_name=sender.name,
        sender_address=sender.address,
        reply_to=sender.reply_to,
        language=version.template.language,
    )
    order = MailingOrder(
        name=version.template.name,
        audience=Audience(lists=()),
        provider=entered["provider"],
        contents=(content,),
        starts_at=now,
        is_test=True,
    )
    try:
        return send_test(order, to=entered["to"], contact=entered["contact"], user=user), []
    except MailingRefused as refused:
        return [], refused.problems


test_of_version.__test__ = False  # type: ignore[attr-defined]
