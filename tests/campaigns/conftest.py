"""A list of three people, a template, a sender and the test inbox: what a campaign needs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import Organisation, User
from campaigns.models import Campaign
from campaigns.services import Draft, create_campaign
from contacts.models import ConsentStatement, Contact, ContactList
from contacts.services import add_contact, create_list, subscribe
from deliverability.models import Sender, SendingDomain
from delivery.models import Provider
from templates_app.models import Template, TemplateVersion
from templates_app.rendering import compile_source
from tests.campaigns.pages import Count, counting

SOURCE = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Bonjour {{ contact.first_name | default: "vous" }}</mj-text>
<mj-image src="https://shop.example/lin.jpg" alt="Draps en lin" />
<mj-button href="https://shop.example/lin">Voir les draps</mj-button>
<mj-text>{{ organisation.name }}, {{ organisation.address }}
<a href="{{ unsubscribe_url }}">Se désabonner</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""

PEOPLE = (
    ("camille.roux@gmail.com", "Camille", "Roux"),
    ("olivier@orange.fr", "Olivier", "Marchetti"),
    ("s.perret@laposte.net", "", ""),
)


def make_version(name: str, source: str = SOURCE) -> TemplateVersion:
    template = Template.objects.create(name=name)
    version = TemplateVersion.objects.create(template=template, source=source, html=compile_source(source).html)
    template.current = version
    template.save()
    return version


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A page leaves its reader's language active in the thread; tests of the verbs read English."""
    with translation.override("en"):
        yield


@pytest.fixture
def statement(db: None) -> ConsentStatement:
    return ConsentStatement.objects.create(origin=ConsentStatement.Origin.STAFF, source="stand at the fair of Lyon")


@pytest.fixture
def people(statement: ConsentStatement) -> list[Contact]:
    return [
        add_contact(address=address, first_name=first, last_name=last, statement=statement)
        for address, first, last in PEOPLE
    ]


@pytest.fixture
def newsletter(people: list[Contact], statement: ConsentStatement) -> ContactList:
    found = create_list(name="Newsletter")
    for contact in people:
        subscribe(contact=contact, contact_list=found, statement=statement)
    return found


@pytest.fixture
def version(db: None) -> TemplateVersion:
    return make_version("Soldes")


@pytest.fixture
def sender(db: None) -> Sender:
    domain = SendingDomain.objects.create(name="maison-verdier.example")
    return Sender.objects.create(name="Maison Verdier", address="bonjour@maison-verdier.example", domain=domain)


@pytest.fixture
def catcher(db: None) -> Provider:
    return Provider.objects.create(
        name="Catcher", options={"host": "127.0.0.1", "port": 2525, "tls": "none"}, is_catcher=True
    )


@pytest.fixture
def draft(newsletter: ContactList, version: TemplateVersion, sender: Sender, catcher: Provider) -> Draft:
    return Draft(
        name="Soldes d’été",
        lists=[newsletter],
        template_version=version,
        subject="{{ contact.first_name | default: 'Bonjour' }}, le lin est à −40 %",
        preheader="Jusqu’à dimanche",
        sender=sender,
        provider=catcher,
        language="fr",
    )


@pytest.fixture
def campaign(organisation: Organisation, draft: Draft, ines: User) -> Campaign:
    """A draft with nothing to mend."""
    return create_campaign(draft=draft, user=ines)


@pytest.fixture
def change(campaign: Campaign) -> Callable[..., Campaign]:
    """The same draft with other values."""

    def apply(**values: Any) -> Campaign:
        for name, value in values.items():
            setattr(campaign, name, value)
        campaign.save()
        return campaign

    return apply


@pytest.fixture
def count_queries(team_client: Client) -> Count:
    """How many queries a page costs once everything that is kept is kept."""

    def count(address: str) -> int:
        assert team_client.get(address).status_code == 200
        with counting() as queries:
            team_client.get(address)
        return len(queries)

    return count
