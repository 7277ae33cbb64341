"""The HTTP lane beside others in one thread, and a whole mailing through it."""

import json
import threading

import pytest

from accounts.models import Organisation
from contacts.models import ContactList
from delivery import ledger
from delivery.lanes.anymail import AnymailLane
from delivery.lanes.batching import Call
from delivery.lanes.contract import Result
from delivery.models import Mailing, Outcome
from delivery.multiplex import run_together
from delivery.reasons import Reason
from delivery.services import drive, plan_mailing
from delivery.verdicts import Verdict
from tests.delivery.conftest import MakePeople, order
from tests.delivery.lanes.api import PARTS, Api, api, hand_over, provider_for

__all__ = ["api"]

pytestmark = pytest.mark.parametrize("kind", ["brevo"])


def test_calls_of_several_lanes_are_in_flight_together(kind: str, api: Api) -> None:
    api.meeting = threading.Barrier(4)  # nobody is answered before four have asked
    lanes = [AnymailLane(provider_for(kind, api.url)) for _ in range(4)]
    results: list[Result] = []
    for lane in lanes:
        lane.ready()

    run_together([hand_over(lane, [Call(1, lane._mail(PARTS, 1))], results) for lane in lanes])

    for lane in lanes:
        lane.close()
    assert [result.verdict for result in results] == [Verdict.ACCEPTED] * 4


def test_an_answer_that_never_ends_is_doubt(kind: str, api: Api) -> None:
    api.meeting = threading.Barrier(2)
    lane = AnymailLane(provider_for(kind, api.url))
    lane._patience = 0.1
    lane.ready()
    results: list[Result] = []

    run_together([hand_over(lane, [Call(1, lane._mail(PARTS, 1))], results)])
    api.meeting.abort()
    lane.close()

    assert [(result.verdict, result.reason) for result in results] == [(Verdict.UNKNOWN, Reason.REPLY_LOST)]


@pytest.mark.django_db(transaction=True)
def test_a_mailing_through_an_api_is_whole_messages_in_few_calls(
    kind: str,
    api: Api,
    organisation: Organisation,
    clients: ContactList,
    make_people: MakePeople,
) -> None:
    make_people(30)
    provider = provider_for(kind, api.url)
    provider.pk, provider.connection_count = None, 4
    provider.save()

    done = drive(plan_mailing(order(clients, provider)).pk, report=lambda numbers: None)

    assert done.state == Mailing.State.FINISHED
    assert ledger.ledger_of(done.pk).accepted == 30
    versions = [version for _, body in api.asked for version in json.loads(body)["messageVersions"]]
    assert len(api.asked) < 6
    assert len({version["to"][0]["email"] for version in versions}) == len(versions) == 30
    assert len({version["headers"]["List-Unsubscribe"] for version in versions}) == 30
    assert set(Outcome.objects.values_list("reply", flat=True)) <= {str(number) for number in range(100)}
