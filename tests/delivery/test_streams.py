"""Streams: which one a mail leaves by, through whom, and what a mailing freezes of it."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Organisation
from contacts.audience import Audience
from contacts.models import ContactList
from deliverability.models import SendingDomain
from delivery.models import Provider, Stream, StreamProvider
from delivery.services import check_order, plan_mailing
from delivery.streams import default_stream, provider_for
from tests.delivery.conftest import order

Kind = Stream.Kind


def account(name: str, **values: object) -> Provider:
    return Provider.objects.create(
        name=name, options={"host": "127.0.0.1", "port": 2599, "tls": "none"}, **values
    )  # fmt: skip


def name_providers(stream: Stream, *providers: Provider) -> None:
    for position, provider in enumerate(providers):
        StreamProvider.objects.create(stream=stream, provider=provider, position=position)


@pytest.fixture
def marketing(db: None) -> Stream:
    return default_stream(Kind.MARKETING)


def test_an_installation_has_three_and_they_are_made_once(db: None) -> None:
    kinds = {default_stream(kind).pk for kind in (Kind.MARKETING, Kind.TRANSACTIONAL, Kind.AUTOMATION)}

    assert set(Stream.objects.filter(is_default=True).values_list("pk", flat=True)) == kinds
    assert [default_stream(kind).is_transactional for kind in (Kind.MARKETING, Kind.TRANSACTIONAL)] == [False, True]


def test_the_ones_that_come_along_are_named_in_the_readers_language(marketing: Stream) -> None:
    assert str(marketing) == "Marketing"
    assert str(Stream(name="Boutique", kind=Kind.OTHER)) == "Boutique"


def test_a_stream_without_providers_uses_the_default_one(marketing: Stream) -> None:
    Provider.objects.filter(is_default=True).update(is_default=False)
    assert provider_for(marketing) is None

    usual = account("Usual", is_default=True)
    assert provider_for(marketing) == usual


def test_the_first_in_the_order_is_taken(marketing: Stream) -> None:
    first, second = account("First"), account("Second")
    name_providers(marketing, first, second)
    assert provider_for(marketing) == first

    StreamProvider.objects.filter(provider=first).update(position=5)
    assert provider_for(marketing) == second


def test_a_mailing_freezes_what_holds_for_its_stream(
    organisation: Organisation, clients: ContactList, marketing: Stream, provider: Provider
) -> None:
    name_providers(marketing, provider)
    marketing.tracking_policy = Organisation.TrackingPolicy.NONE
    marketing.save()

    mailing = plan_mailing(order(clients, provider=None))

    assert (mailing.stream, mailing.provider, mailing.is_pinned) == (marketing, provider, False)
    assert (mailing.policy, mailing.is_transactional) == ("none", False)
    assert organisation.tracking_policy != "none"


def test_a_provider_that_was_chosen_is_the_only_one(
    organisation: Organisation, clients: ContactList, provider: Provider
) -> None:
    assert plan_mailing(order(clients, provider)).is_pinned


def test_nothing_leaves_the_test_inbox_for_the_world(
    organisation: Organisation, clients: ContactList, marketing: Stream, catcher: Provider, provider: Provider
) -> None:
    name_providers(marketing, catcher, provider)

    assert plan_mailing(order(clients, provider=None)).is_pinned


@pytest.mark.parametrize(
    ("domain", "is_good"),
    [("maison-verdier.example", True), ("example", True), ("boutique.example", False), ("verdier.example", False)],
)
def test_the_sender_must_be_of_the_streams_domain(
    organisation: Organisation, clients: ContactList, provider: Provider, *, domain: str, is_good: bool
) -> None:
    named = Stream.objects.create(name="Brand", kind=Kind.OTHER, domain=SendingDomain.objects.create(name=domain))

    codes = [problem.code for problem in check_order(order(clients, provider, stream=named))]

    assert codes == ([] if is_good else ["stream_domain"])


def test_a_list_is_never_written_to_by_a_stream_that_heeds_no_unsubscribes(
    organisation: Organisation, clients: ContactList, provider: Provider
) -> None:
    transactional = default_stream(Kind.TRANSACTIONAL)

    problems = check_order(order(clients, provider, stream=transactional))
    assert [problem.code for problem in problems] == ["stream"]
    assert not check_order(order(clients, provider, stream=transactional, audience=Audience(lists=())))


@pytest.mark.parametrize(
    "values",
    [
        {"kind": Kind.MARKETING, "scope": Stream.Scope.EVERYTHING},
        {"kind": Kind.MARKETING, "repeats_doubts": True},
        {"kind": Kind.MARKETING, "is_default": True},
    ],
)
def test_the_database_refuses_a_stream_that_breaks_a_promise(marketing: Stream, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Stream.objects.create(name="Bad", **values)  # type: ignore[misc]


def test_a_change_of_the_stream_reaches_later_mailings_only(
    organisation: Organisation, clients: ContactList, marketing: Stream, provider: Provider
) -> None:
    before = plan_mailing(order(clients, provider))
    Stream.objects.filter(pk=marketing.pk).update(tracking_policy="none")
    after = plan_mailing(order(clients, provider))

    before.refresh_from_db()
    assert (before.policy, after.policy) == (organisation.tracking_policy, "none")
