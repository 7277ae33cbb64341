"""A list of people, a provider that is a scripted server, and a planned mailing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from accounts.models import Organisation
from contacts.addresses import domain_of
from contacts.audience import Audience
from contacts.mailbox_providers import group_of
from contacts.models import Contact, ContactList, Subscription
from delivery.models import Mailing, Provider
from delivery.services import ContentOrder, MailingOrder, ensure_catcher, plan_mailing
from tests.smtp import Manners, SmtpServer, smtp_server

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HTML = (
    "<html><body><p>Bonjour {{ contact.first_name | default: 'vous' }}</p>"
    '<a href="https://www.maison-verdier.example/soldes">Les soldes</a>'
    '<p>{{ organisation.name }}, {{ organisation.address }} <a href="{{ unsubscribe_url }}">Se désabonner</a></p>'
    "</body></html>"
)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with smtp_server(Manners()) as running:
        yield running


def provider_at(server: SmtpServer, **more: object) -> Provider:
    options = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
    return Provider.objects.create(name=f"Relay {server.port}", kind="smtp", options=options, **more)


@pytest.fixture
def provider(db: None, server: SmtpServer) -> Provider:
    return provider_at(server, connection_count=1)  # one at a time: moods belong to somebody


@pytest.fixture
def catcher(db: None) -> Provider:
    """The account the first migration makes; a flush between tests may have taken it."""
    return ensure_catcher()


@pytest.fixture
def clients(db: None) -> ContactList:
    return ContactList.objects.create(name="Clients")


MakePeople = Callable[..., list[Contact]]


@pytest.fixture
def make_people(clients: ContactList) -> MakePeople:
    def make(count: int, *, first: int = 1, domain: str = "ecole.example", **values: object) -> list[Contact]:
        made = Contact.objects.bulk_create(
            Contact(
                address=f"{number}@{domain}", address_key=f"{number}@{domain}", sort_key=str(number),
                first_name=f"Élève {number}", mx_group=group_of(domain_of(f"{number}@{domain}")), **values,
            )
            for number in range(first, first + count)
        )  # fmt: skip
        Subscription.objects.bulk_create(Subscription(contact=contact, contact_list=clients) for contact in made)
        return made

    return make


def order(clients: ContactList, provider: Provider | None, **changes: object) -> MailingOrder:
    content = ContentOrder(
        subject="Soldes pour {{ contact.first_name }}", html=HTML, sender_name="Maison Verdier",
        sender_address="bonjour@maison-verdier.example",
    )  # fmt: skip
    values = {
        "name": "Soldes", "audience": Audience(lists=(clients.pk,)), "provider": provider, "contents": (content,),
        "starts_at": NOW,
    }  # fmt: skip
    return MailingOrder(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def mailing(organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople) -> Mailing:
    make_people(30)
    return plan_mailing(order(clients, provider))
