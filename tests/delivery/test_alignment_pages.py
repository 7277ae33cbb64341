"""The pages of a sending domain at an account: what is missing, asked again, said by hand."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from deliverability.models import SendingDomain
from delivery.models import Alignment, Provider
from tests.deliverability.test_records import public_key, txt
from tests.name_server import NameServer, name_server

pytestmark = pytest.mark.django_db
State = Alignment.State


@pytest.fixture
def server(settings: Settings) -> Iterator[NameServer]:
    with name_server() as running:
        settings.NAMESERVERS = [f"127.0.0.1:{running.port}"]
        settings.DNS_SECONDS = 0.3
        running.zone["_dmarc.verdier.fr"] = txt("v=DMARC1; p=none")
        yield running


@pytest.fixture
def domain(db: None) -> SendingDomain:
    return SendingDomain.objects.create(name="verdier.fr")


def provider_of(kind: str, **options: object) -> Provider:
    return Provider.objects.create(name=kind.title(), kind=kind, options=options, credentials={"api_key": "x"})


def url_of(provider: Provider, domain: SendingDomain) -> str:
    return f"/providers/{provider.pk}/domains/{domain.pk}/"


def test_looking_changes_nothing_and_the_button_shows_the_record_to_publish(
    team_client: Client, domain: SendingDomain, server: NameServer
) -> None:
    url = url_of(provider_of("mandrill"), domain)
    assert "Not looked up yet" in team_client.get(url).content.decode()
    assert not Alignment.objects.exists() and server.asked == []

    page = team_client.post(f"{url}look/", follow=True).content.decode()

    assert Alignment.objects.get().state == State.REFUSED
    assert "mte1._domainkey.verdier.fr" in page and "dkim1.mandrillapp.com" in page
    assert "may not write for verdier.fr yet" in page
    assert "I have seen it pass" not in page, "a no of the DNS is not talked over"


def test_a_silent_name_server_is_said_and_what_was_known_stays(
    team_client: Client, domain: SendingDomain, server: NameServer
) -> None:
    server.zone["_dmarc.verdier.fr"] = None
    provider = provider_of("mandrill")
    Alignment.objects.create(domain=domain, provider=provider, state=State.ALIGNED, answered_at=timezone.now())

    page = team_client.post(f"{url_of(provider, domain)}look/", follow=True).content.decode()

    assert "No name server has answered" in page and "Mandrill may write for verdier.fr" in page
    assert "The last look had no answer" in page


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("s1", "s1"),
        (" S1._domainkey.verdier.fr, s2 ", "s1 s2"),
        ("", ""),
    ],
)
def test_a_selector_is_taken_as_people_paste_it(
    team_client: Client, domain: SendingDomain, server: NameServer, given: str, stored: str
) -> None:
    server.zone["s1._domainkey.verdier.fr"] = txt(f"p={public_key()}")
    provider = provider_of("smtp", host="smtp.relay.fr")

    team_client.post(url_of(provider, domain), {"selectors": given, "spf_via": "include:spf.relay.fr"})

    row = Alignment.objects.get()
    assert (row.selectors, row.spf_via, row.answered_at is not None) == (stored, "spf.relay.fr", True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"selectors": "a b c d e f"}, "Five selectors at most"),
        ({"selectors": "two words;x&lt;"}, "is no selector"),
        ({"spf_via": "relay"}, "Neither a name nor an address"),
        ({"spf_via": "v=spf1 -all"}, "Neither a name nor an address"),
    ],
)
def test_what_is_no_name_is_refused_at_its_field(
    team_client: Client, domain: SendingDomain, values: dict[str, str], words: str
) -> None:
    provider = provider_of("smtp", host="smtp.relay.fr")

    assert words in team_client.post(url_of(provider, domain), values).content.decode()
    assert not Alignment.objects.exists()


def test_a_persons_word_is_shown_with_name_and_date_and_taken_back(team_client: Client, domain: SendingDomain) -> None:
    provider = provider_of("postmark")
    url = url_of(provider, domain)

    page = team_client.post(f"{url}word/", {"is_aligned": "on"}, follow=True).content.decode()
    row = Alignment.objects.get()
    assert row.confirmed_by is not None and row.confirmed_by.name in page

    team_client.post(f"{url}word/")
    row.refresh_from_db()
    assert (row.confirmed_by, row.confirmed_at) == (None, None)


def test_the_list_of_an_account_costs_the_same_however_many_domains(
    team_client: Client, domain: SendingDomain, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    provider = provider_of("brevo")
    url = f"/providers/{provider.pk}/domains/"
    assert "verdier.fr" in team_client.get(url).content.decode()
    for number in range(3):
        more = SendingDomain.objects.create(name=f"boutique{number}.fr")
        Alignment.objects.create(domain=more, provider=provider)

    with django_assert_max_num_queries(9):
        team_client.get(url)


def test_a_domain_and_the_cards_say_how_many_accounts_may_write(team_client: Client, domain: SendingDomain) -> None:
    brevo, relay = provider_of("brevo"), provider_of("smtp", host="smtp.relay.fr", port=587, tls="starttls")
    Alignment.objects.create(domain=domain, provider=brevo, state=State.ALIGNED, answered_at=timezone.now())
    Alignment.objects.create(domain=domain, provider=relay, state=State.REFUSED)

    page = team_client.get(f"/domains/{domain.pk}/").content.decode()
    cards = team_client.get("/providers/").content.decode()

    assert page.count("seen in the DNS") == 1 and page.count("a record is missing") == 1
    assert "Test inbox" not in page.partition("<main")[2].partition("</main>")[0]
    assert "1 of 1 covered" in cards and "0 of 1 covered" in cards


def test_the_test_inbox_writes_for_nobody(team_client: Client, domain: SendingDomain) -> None:
    catcher = Provider.objects.get(is_catcher=True)

    assert team_client.get(f"/providers/{catcher.pk}/domains/").status_code == 404
    assert team_client.post(f"{url_of(catcher, domain)}look/").status_code == 404
