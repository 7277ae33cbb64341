"""Company domains are grouped by who takes their mail, as a real name server says it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from contacts import mail_domains
from contacts.mailbox_providers import MAILBOX_PROVIDERS, group_of_hosts
from contacts.models import Contact, MailDomain
from contacts.services import add_contact
from tests.name_server import NameServer, name_server

# the database stamps due_at itself: far enough ahead for a run that takes its time
NOW = datetime.now(UTC) + timedelta(days=1)
GMAIL, MICROSOFT_365, OVH = 1, 9, 10
Answer = MailDomain.Answer


@pytest.fixture
def server(settings: Settings) -> Iterator[NameServer]:
    with name_server() as running:
        settings.NAMESERVERS = [f"127.0.0.1:{running.port}"]
        yield running


def people(*addresses: str, **values: object) -> list[Contact]:
    return Contact.objects.bulk_create(
        Contact(address=address, address_key=address, sort_key=address, **values) for address in addresses
    )


def groups() -> dict[str, int]:
    return dict(Contact.objects.values_list("address_key", "mx_group"))


@pytest.mark.parametrize(
    ("hosts", "number"),
    [
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], 1),
        (["smtp.google.com."], 1),
        (["hotmail-com.olc.protection.outlook.com"], 2),
        (["verdier-fr.mail.protection.outlook.com"], 9),
        (["verdier-fr.l-v1.mx.microsoft"], 9),
        (["mta7.am0.yahoodns.net"], 3),
        (["MX1.MAIL.OVH.NET"], 10),
        (["spool.mail.gandi.net"], 11),
        (["mx00.ionos.fr"], 12),
        (["mail.protonmail.ch"], 13),
        (["eu-smtp-inbound-1.mimecast.com"], 16),
        (["mx1-eu1.ppe-hosted.com"], 17),
        (["d1.ess.barracudanetworks.com"], 18),
        (["mail.verdier.fr", "mx2.mail.ovh.net"], 10),
        (["notgoogle.com"], 0),
        (["google.com.verdier.fr"], 0),
        ([], 0),
    ],
)
def test_servers_tell_who_keeps_the_mailboxes(hosts: list[str], number: int) -> None:
    assert group_of_hosts(hosts) == number


def test_each_host_and_domain_belongs_to_one_provider() -> None:
    for names in ([h for p in MAILBOX_PROVIDERS for h in p.hosts], [d for p in MAILBOX_PROVIDERS for d in p.domains]):
        assert len(names) == len(set(names))


@pytest.mark.django_db
def test_company_domains_are_found_asked_for_once_and_told_to_contacts(server: NameServer) -> None:
    server.mx = {
        "verdier.fr": ["20 alt1.aspmx.l.google.com.", "10 aspmx.l.google.com."],
        "atelier.fr": ["10 atelier-fr.mail.protection.outlook.com."],
        "mairie.fr": ["0 mail.mairie.fr."],
        "vieux.fr": [],
        "muet.fr": ["0 ."],
    }
    people(
        "a@verdier.fr", "b@verdier.fr", "c@atelier.fr", "d@mairie.fr", "e@vieux.fr", "f@muet.fr", "g@gone.fr",
        "h@ecole.example", '"x@y"@verdier.fr',
    )  # fmt: skip
    people("i@gmail.com", mx_group=GMAIL)
    people("s@sample.fr", is_sample=True)

    mail_domains.tend(now=NOW, is_whole=True)
    mail_domains.tend(now=NOW, is_whole=True)

    found = groups()
    assert sorted(server.asked) == ["atelier.fr", "gone.fr", "mairie.fr", "muet.fr", "verdier.fr", "vieux.fr"]
    assert {address: found[address] for address in ("a@verdier.fr", '"x@y"@verdier.fr', "c@atelier.fr")} == {
        "a@verdier.fr": GMAIL, '"x@y"@verdier.fr': GMAIL, "c@atelier.fr": MICROSOFT_365,
    }  # fmt: skip
    assert (found["d@mairie.fr"], found["g@gone.fr"], found["i@gmail.com"]) == (0, 0, GMAIL)
    assert dict(MailDomain.objects.values_list("name", "answer")) == {
        "verdier.fr": Answer.SERVERS, "atelier.fr": Answer.SERVERS, "mairie.fr": Answer.SERVERS,
        "vieux.fr": Answer.NONE, "muet.fr": Answer.REFUSES, "gone.fr": Answer.REFUSES,
    }  # fmt: skip
    assert MailDomain.objects.get(pk="verdier.fr").hosts == "aspmx.l.google.com alt1.aspmx.l.google.com"


@pytest.mark.django_db
def test_answers_expire_and_a_move_reaches_the_contacts(server: NameServer) -> None:
    server.mx = {"verdier.fr": ["10 aspmx.l.google.com."]}
    people("a@verdier.fr")
    mail_domains.tend(now=NOW, is_whole=True)
    server.mx["verdier.fr"] = ["1 mx1.mail.ovh.net."]

    mail_domains.tend(now=NOW + timedelta(days=13))
    before = groups()["a@verdier.fr"]
    mail_domains.tend(now=NOW + timedelta(days=15))

    assert (before, groups()["a@verdier.fr"]) == (GMAIL, OVH)


@pytest.mark.django_db
def test_a_silent_server_changes_nothing_and_is_asked_less_and_less(server: NameServer, settings: Settings) -> None:
    settings.DNS_SECONDS = 0.2
    server.mx = {"verdier.fr": ["10 aspmx.l.google.com."]}
    people("a@verdier.fr")
    mail_domains.tend(now=NOW, is_whole=True)
    server.mx["verdier.fr"] = None
    waits = []

    for _ in range(2):
        MailDomain.objects.update(due_at=NOW)
        mail_domains.tend(now=NOW)
        waits.append(MailDomain.objects.get().due_at - NOW)

    row = MailDomain.objects.get()
    assert waits == [timedelta(hours=1), timedelta(hours=2)]
    assert (row.answer, row.mx_group, groups()["a@verdier.fr"]) == (Answer.FAILED, GMAIL, GMAIL)


@pytest.mark.django_db
def test_somebody_added_by_hand_has_the_group_that_is_known_and_notes_one_that_is_not(server: NameServer) -> None:
    MailDomain.objects.create(name="verdier.fr", mx_group=OVH, answer=Answer.SERVERS, due_at=NOW + timedelta(days=9))

    known = add_contact(address="Inès@Verdier.fr")
    unknown = add_contact(address="a@atelier.fr")
    add_contact(address="b@ecole.example")

    assert (known.mx_group, unknown.mx_group) == (OVH, 0)
    assert set(MailDomain.objects.values_list("name", flat=True)) == {"verdier.fr", "atelier.fr"}
    assert server.asked == []


@pytest.mark.django_db
def test_contacts_that_came_after_the_answer_are_told_by_the_next_whole_pass(server: NameServer) -> None:
    MailDomain.objects.create(name="verdier.fr", mx_group=OVH, answer=Answer.SERVERS, due_at=NOW + timedelta(days=9))
    people("a@verdier.fr", "b@verdier.fr")

    mail_domains.tend(now=NOW)
    before = set(groups().values())
    mail_domains.tend(now=NOW, is_whole=True)

    assert (before, set(groups().values())) == ({0}, {OVH})


@pytest.mark.django_db
def test_a_gap_of_millions_between_two_contacts_is_no_work(server: NameServer) -> None:
    """After a restored backup numbers go on far ahead (delivery/guard.py)."""
    MailDomain.objects.create(name="verdier.fr", mx_group=OVH, answer=Answer.SERVERS, due_at=NOW + timedelta(days=9))
    people("a@verdier.fr")
    far = Contact.objects.get().pk + 10**9
    Contact.objects.create(pk=far, address="b@verdier.fr", address_key="b@verdier.fr", sort_key="b@verdier.fr")

    with CaptureQueriesContext(connection) as seen:
        assert mail_domains.apply(is_whole=True) == 2

    assert len(seen) < 15


@pytest.mark.django_db
def test_finding_and_telling_take_the_same_statements_for_one_person_and_for_three() -> None:
    people("z@zero.fr")
    mail_domains.find_new()
    counts = []
    for names in (["a@un.fr"], ["b@deux.fr", "c@trois.fr", "d@quatre.fr"]):
        people(*names)
        MailDomain.objects.update(mx_group=OVH, is_applied=False)
        with CaptureQueriesContext(connection) as seen:
            mail_domains.find_new()
            mail_domains.apply(is_whole=True)
        counts.append(len(seen))

    assert counts[0] == counts[1]
