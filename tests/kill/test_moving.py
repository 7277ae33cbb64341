"""An account is suspended in the middle of a campaign, and workers are killed while its rest moves to another."""

import random
import time
from datetime import UTC, datetime

import pytest

from accounts.models import Organisation
from contacts.models import ContactList
from deliverability.models import SendingDomain
from delivery import ledger
from delivery.models import Alignment, Cause, Outage, Provider, Stream, StreamProvider
from delivery.services import plan_mailing
from delivery.streams import default_stream
from tests.delivery.conftest import MakePeople, order, provider_at
from tests.kill.test_kill import assert_true, crew, end_at, is_finished, resume_when_held
from tests.smtp import Mailbox, SmtpServer, smtp_server

PEOPLE = 400
TAKEN = 150
KILLS = 6


class Suspended(Mailbox):
    """Takes so many messages, and then nobody's any more."""

    taken = 0

    def one(self) -> bytes | None:
        line, found, rest = self.rest.partition(b"\r\n")
        if found and line.startswith(b"MAIL") and not self.in_data and Suspended.taken >= TAKEN:
            self.rest = rest
            return b"550 5.7.1 this account is suspended\r\n"
        return super().one()

    def end_of_message(self) -> bytes:
        time.sleep(0.002)
        answer = super().end_of_message()
        Suspended.taken += answer.startswith(b"250")
        return answer


def by_two_accounts(first: SmtpServer, second: SmtpServer) -> tuple[Stream, Provider]:
    stream = default_stream(Stream.Kind.MARKETING)
    accounts = [provider_at(server, connection_count=2) for server in (first, second)]
    for position, provider in enumerate(accounts):
        StreamProvider.objects.create(stream=stream, provider=provider, position=position)
    domain = SendingDomain.objects.create(name="maison-verdier.example")
    Alignment.objects.create(domain=domain, provider=accounts[1], confirmed_at=datetime.now(UTC))
    return stream, accounts[0]


@pytest.mark.kill
@pytest.mark.timeout(120)
@pytest.mark.django_db(transaction=True)
def test_kills_while_the_rest_moves_double_nobody_and_lose_nobody(
    organisation: Organisation, clients: ContactList, make_people: MakePeople
) -> None:
    make_people(PEOPLE)
    Suspended.taken = 0
    with smtp_server(make_mailbox=Suspended) as server, smtp_server() as second_server:
        _stream, first = by_two_accounts(server, second_server)
        mailing = plan_mailing(order(clients, provider=None))
        dice, kills, end = random.Random(7), 0, time.monotonic() + 60
        with crew(mailing, count=0) as workers:
            end_at(workers.context, mailing, "move")
            assert mailing.batches.exclude(provider=first).count() == 0, "what was not committed did not move"
            workers.count = 2
            while time.monotonic() < end and not is_finished(mailing):
                alive = workers()
                time.sleep(dice.uniform(0.1, 0.4))
                if kills < KILLS:
                    dice.choice(alive).kill()
                    kills += 1
                resume_when_held(mailing)

        assert_true(mailing, server, second_server, people=PEOPLE)
        assert len(second_server.accepted) >= PEOPLE - TAKEN - 4 * (KILLS + 1)
        assert ledger.ledger_of(mailing.pk).unknown <= 4 * (KILLS + 1), "no more than a window each"
        assert Outage.objects.get(ended_at=None).cause == Cause.ACCOUNT
