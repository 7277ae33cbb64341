"""What servers say, in plain words: the codes of the trade, answers gathered, and the people behind each."""

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Organisation
from campaigns.models import Campaign
from contacts.models import ContactList
from delivery.models import Mailing, Outcome, Provider
from delivery.reasons import Reason
from delivery.refusals import causes, deferrals_of, explain, like, refusals_of
from delivery.refusals.causes import Cause
from delivery.services import drive, plan_mailing
from tests.delivery.conftest import MakePeople, order
from tests.smtp import SmtpServer

GMAIL, MICROSOFT, YAHOO, ORANGE, LA_POSTE, FREE, SFR, APPLE = range(1, 9)


@pytest.mark.parametrize(
    ("mx_group", "reply", "cause"),
    [
        (0, "Connection refused", causes.UNREACHABLE),
        (0, "STARTTLS is not offered", causes.ENCRYPTION),
        (0, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed", causes.CERTIFICATE),
        (0, "535 5.7.8 wrong password", causes.LOGIN),
        (GMAIL, "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", causes.TOO_FAST),
        (GMAIL, "550-5.7.26 blocked because the sender is unauthenticated.", causes.NOT_AUTHENTICATED),
        (GMAIL, "550-5.7.1 [203.0.113.7] this message is likely unsolicited mail.", causes.SPAM),
        (GMAIL, "550-5.7.1 the very low reputation of the sending domain", causes.BAD_DOMAIN_REPUTATION),
        (GMAIL, "550-5.2.1 receiving mail at a rate that prevents more", causes.PERSON_TOO_FAST),
        (GMAIL, "550-5.1.1 The email account that you tried to reach does not exist.", causes.DEAD),
        (GMAIL, "452-4.2.2 The recipient's inbox is out of storage space.", causes.FULL),
        (MICROSOFT, "550 5.7.515 Access denied, sending domain does not meet", causes.NOT_AUTHENTICATED),
        (MICROSOFT, "550 5.7.1 part of their network is on our block list (S3150)", causes.BAD_ADDRESS_REPUTATION),
        (MICROSOFT, "451 4.7.650 The mail server has been temporarily rate limited", causes.TOO_FAST),
        (MICROSOFT, "550 5.4.1 Recipient address rejected: Access denied", causes.DEAD),
        (YAHOO, "421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred", causes.COMPLAINTS),
        (YAHOO, "421 4.7.0 [TS01] Messages temporarily deferred due to user complaints", causes.COMPLAINTS),
        (YAHOO, "554 5.7.9 Message not accepted for policy reasons", causes.NOT_AUTHENTICATED),
        (YAHOO, "553 5.7.1 [PH01] Email not accepted for policy reasons", causes.SPAM),
        (ORANGE, "421 Trop de connexions OFR004_104 [104]", causes.TOO_MANY_CONNECTIONS),
        (ORANGE, "550 5.1.1 Adresse d au moins un destinataire invalide. OFR204_416 [416]", causes.DEAD),
        (ORANGE, "550 5.2.0 Mail rejete. Mail rejected. OFR204_506 [506]", causes.SPAM),
        (LA_POSTE, "550 5.7.1 Service refuse LPN007_510", causes.SPAM),
        (FREE, "421 Too many spams from your IP (203.0.113.7)", causes.BAD_ADDRESS_REPUTATION),
        (APPLE, "554 5.7.1 [CS01] Message rejected due to local policy.", causes.SPAM),
        (0, "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org", causes.LISTED),
        (9, "550 5.7.515 Access denied, sending domain does not meet the level", causes.NOT_AUTHENTICATED),
        (0, "550 5.7.1 rejected, URL listed in DBL", causes.LISTED_LINK),
        (0, "450 4.2.0 Greylisted, see http://postgrey.schweikert.ch", causes.GREETING),
        (0, "552 5.3.4 message too large", causes.SIZE),
        (0, "451 4.3.0 later", causes.TROUBLE),
    ],
)  # fmt: skip
def test_known_answers_have_their_cause(mx_group: int, reply: str, cause: Cause) -> None:
    assert explain(reply, mx_group=mx_group) == cause


def test_a_providers_code_is_known_behind_a_company_domain_too() -> None:
    assert explain("550 5.7.515 Access denied", mx_group=0) == causes.NOT_AUTHENTICATED


def test_what_nobody_knows_is_said_by_its_reason() -> None:
    assert explain("550 no thanks", mx_group=0, reason=Reason.REFUSED_OTHER).title == Reason.REFUSED_OTHER.label


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("550 5.1.1 <zoe@a.example> unknown 4XyzAb12cd90", "550 5.1.1 <leo@b.example> unknown 4XqqAb99cd77", True),
        ("421 from 203.0.113.7, try https://x.example/1", "421 from 198.51.100.9, try https://x.example/2", True),
        ("451 mx7.mail42.example busy, 12345 in queue", "451 mx9.mail43.example busy, 99881 in queue", True),
        ("550 5.1.1 unknown", "550 5.7.1 unknown", False),
        ("421 OFR004_104", "421 OFR204_506", False),
    ],
)
def test_words_leave_out_what_differs_from_person_to_person(one: str, other: str, are_same: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select delivery_words(%s) = delivery_words(%s)", [one, other])
        assert cursor.fetchone() == (are_same,)


@pytest.mark.django_db(transaction=True)
def test_answers_are_gathered_with_their_people(
    organisation: Organisation,
    clients: ContactList,
    provider: Provider,
    server: SmtpServer,
    make_people: MakePeople,
    team_client: Client,
) -> None:
    make_people(10)
    make_people(4, first=50, domain="gmail.com")
    mailing = plan_mailing(order(clients, provider))
    server.moods += ["yes", "no", "yes", "no", "yes", "later"]
    drive(mailing.pk, report=lambda _: None, stop=lambda: len(server.accepted) >= 11)
    mailing = Mailing.objects.get(pk=mailing.pk)
    campaign = Campaign.objects.create(name="Soldes", state=Campaign.State.STARTED, mailing=mailing)

    found, waiting = refusals_of(mailing), deferrals_of(mailing)

    (one,) = found
    assert (one.count, one.cause) == (2, causes.DEAD)
    assert sum(part.count for part in one.parts) == 2
    assert [cluster.count for cluster in waiting] == [1]
    assert waiting[0].cause == causes.TROUBLE
    refused = Outcome.objects.filter(mailing=mailing, state=Outcome.State.REFUSED)
    assert like(refused, found[0].sample).count() == 2
    page = team_client.get(f"/campaigns/{campaign.pk}/live/").content.decode()
    assert "The address does not exist" in page
    assert "waits for another try" in page
    people = team_client.get(f"/campaigns/{campaign.pk}/people/?state=refused&like={found[0].sample}").content.decode()
    assert people.count("550 5.1.1 no") == 2
    assert "Refusals in plain words" in team_client.get(f"/campaigns/{campaign.pk}/report/").content.decode()
