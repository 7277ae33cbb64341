"""The pages of streams: what holds, the order of providers by buttons, who is aligned, an account used again."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry
from deliverability.models import SendingDomain
from delivery.models import Alignment, Cause, Outage, Provider, Stream, StreamLimit, StreamProvider
from delivery.streams import default_stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> list[Provider]:
    return [
        Provider.objects.create(name=name, options={"host": "127.0.0.1", "port": 2599, "tls": "none"})
        for name in ("Brevo", "Mailgun", "Relay")
    ]


@pytest.fixture
def marketing(accounts: list[Provider]) -> Stream:
    stream = default_stream(Stream.Kind.MARKETING)
    for position, provider in enumerate(accounts[:2]):
        StreamProvider.objects.create(stream=stream, provider=provider, position=position)
    return stream


def names(stream: Stream) -> list[str]:
    return [place.provider.name for place in stream.order.all()]


def test_the_list_names_each_with_its_way_out(team_client: Client, marketing: Stream) -> None:
    page = team_client.get("/streams/").content.decode()

    assert "Marketing" in page and "Transactional" in page and "Automation" in page
    assert page.index("Brevo") < page.index("Mailgun")


def test_the_list_costs_the_same_however_many_there_are(
    team_client: Client, marketing: Stream, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    team_client.get("/streams/")
    for number in range(4):
        Stream.objects.create(name=f"Brand {number}", kind=Stream.Kind.OTHER)

    with django_assert_max_num_queries(12):
        team_client.get("/streams/")


def test_a_stream_is_added_with_its_limits_and_its_domain(team_client: Client) -> None:
    domain = SendingDomain.objects.create(name="boutique.example")

    answer = team_client.post(
        "/streams/new/", {"name": " La  boutique ", "kind": "other", "scope": 0, "domain": domain.pk, "day": 500}
    )

    stream = Stream.objects.get(name="La boutique")
    assert answer["Location"] == f"/streams/{stream.pk}/"
    assert (stream.domain, stream.limits.get().unit, stream.limits.get().amount) == (domain, 86_400, 500)
    assert AuditEntry.objects.get(verb="stream.add").target == f"stream:{stream.pk}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "marketing", "kind": "other", "scope": 0}, "Another stream has this name"),
        ({"name": "Sales", "kind": "marketing", "scope": 1}, "Marketing heeds every unsubscribe"),
        ({"name": "Sales", "kind": "other", "scope": 0, "repeats_doubts": "on"}, "Only transactional mail"),
    ],
)
def test_what_breaks_a_promise_is_refused_at_its_field(
    team_client: Client, marketing: Stream, values: dict[str, object], words: str
) -> None:
    assert words in team_client.post("/streams/new/", values).content.decode()
    assert not Stream.objects.filter(name="Sales").exists()


def test_a_limit_left_empty_is_taken_away_and_the_name_stays_as_it_is_stored(
    team_client: Client, marketing: Stream
) -> None:
    StreamLimit.objects.create(stream=marketing, unit=3600, amount=100)

    team_client.post(f"/streams/{marketing.pk}/", {"name": "Marketing", "tracking_policy": "none"})

    marketing.refresh_from_db()
    assert (marketing.name, marketing.tracking_policy) == ("marketing", "none")
    assert not marketing.limits.exists()


@pytest.mark.parametrize(
    ("do", "which", "order"),
    [
        ("up", "Mailgun", ["Mailgun", "Brevo"]),
        ("down", "Brevo", ["Mailgun", "Brevo"]),
        ("up", "Brevo", ["Brevo", "Mailgun"]),
        ("drop", "Brevo", ["Mailgun"]),
        ("add", "Relay", ["Brevo", "Mailgun", "Relay"]),
        ("add", "Brevo", ["Brevo", "Mailgun"]),
        ("other", "Brevo", ["Brevo", "Mailgun"]),
    ],
)
def test_the_order_is_changed_by_buttons(
    team_client: Client, marketing: Stream, do: str, which: str, order: list[str]
) -> None:
    provider = Provider.objects.get(name=which)

    team_client.post(f"/streams/{marketing.pk}/providers/", {"provider": provider.pk, "do": do})

    assert names(marketing) == order


def test_a_stream_says_how_its_domains_stand_at_each_account(
    team_client: Client, marketing: Stream, accounts: list[Provider]
) -> None:
    domain = SendingDomain.objects.create(name="verdier.fr")
    Alignment.objects.create(domain=domain, provider=accounts[1], state=Alignment.State.REFUSED)

    page = team_client.get(f"/streams/{marketing.pk}/").content.decode()

    assert page.count("not looked up yet") == 1 and page.count("a record is missing") == 1
    assert f"/providers/{accounts[1].pk}/domains/{domain.pk}/" in page
    assert "takes over only for domains that allow it" in page


def test_an_account_out_of_order_is_said_and_can_be_used_again(
    team_client: Client, marketing: Stream, accounts: list[Provider]
) -> None:
    now = datetime.now(UTC)
    Outage.objects.create(
        provider=accounts[0], cause=Cause.QUOTA, words="552 <b>quota</b>", struck_at=now, began_at=now, try_at=now
    )
    page = team_client.get("/providers/").content.decode()
    assert "Quota used up" in page and "552 &lt;b&gt;quota&lt;/b&gt;" in page
    assert "out of order" in team_client.get("/streams/").content.decode()

    team_client.post(f"/providers/{accounts[0].pk}/well/")

    assert Outage.objects.get().ended_at is not None
    assert "Quota used up" not in team_client.get("/providers/").content.decode()


def test_only_a_stream_nothing_was_sent_by_can_be_removed(team_client: Client, marketing: Stream) -> None:
    added = Stream.objects.create(name="Brand", kind=Stream.Kind.OTHER)
    team_client.post(f"/streams/{added.pk}/remove/")
    team_client.post(f"/streams/{marketing.pk}/remove/")

    assert list(Stream.objects.filter(pk__in=[added.pk, marketing.pk])) == [marketing]
