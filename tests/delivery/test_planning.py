"""What must not go out is refused before it is planned, with a fix beside each problem."""

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Organisation
from contacts.models import ContactList
from contacts.tracking import Mode, Tracking
from delivery import dispatch
from delivery.models import Link, Mailing, Message, Provider
from delivery.services import ContentOrder, MailingRefused, check_order, drop_planned, plan_mailing
from tests.delivery.conftest import HTML, MakePeople, order

pytestmark = pytest.mark.django_db


def codes(clients: ContactList, provider: Provider | None, **changes: object) -> set[str]:
    return {problem.code for problem in check_order(order(clients, provider, **changes))}  # type: ignore[arg-type]


def content(**changes: str) -> tuple[ContentOrder, ...]:
    values = {"subject": "Soldes", "html": HTML, "sender_address": "a@verdier.example"} | changes
    return (ContentOrder(**values),)


def test_a_good_order_has_no_problem(clients: ContactList, provider: Provider, organisation: Organisation) -> None:
    assert codes(clients, provider) == set()


def test_nobodys_name_sends_nothing(clients: ContactList, provider: Provider) -> None:
    Organisation.objects.update(name="")

    assert codes(clients, provider) == {"organisation"}


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("http://localhost:8000", True),
        ("https://192.168.1.4", True),
        ("https://envol.local", True),
        ("http://mail.verdier.example", True),
        ("https://mail.verdier.example", False),
    ],
)
def test_real_mail_needs_an_address_that_leads_somewhere(
    clients: ContactList, organisation: Organisation, settings: Settings, url: str, is_refused: bool
) -> None:
    settings.ENVOL_URL = url
    real = Provider.objects.create(name="Real", options={"host": "smtp.provider.example", "port": 587})

    assert codes(clients, real) == ({"address"} if is_refused else set())


def test_the_catcher_needs_no_address(clients: ContactList, organisation: Organisation, catcher: Provider) -> None:
    assert codes(clients, catcher) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": "  "}, "subject"),
        ({"subject": "Bonjour {{ contact.nickname }}"}, "undefined_names"),
        ({"html": HTML.replace("{{ unsubscribe_url }}", "#")}, "unsubscribe_link"),
        ({"html": HTML + "{{ oops "}, "liquid"),
        ({"sender_address": ""}, "sender"),
        ({"sender_address": "nobody"}, "sender"),
        ({"reply_to": "nobody"}, "reply_to"),
    ],
)
def test_each_fault_of_a_content_has_its_code(
    clients: ContactList, provider: Provider, organisation: Organisation, changes: dict[str, str], code: str
) -> None:
    assert codes(clients, provider, contents=content(**changes)) == {code}


def test_undefined_names_are_listed(clients: ContactList, provider: Provider, organisation: Organisation) -> None:
    found = check_order(order(clients, provider, contents=content(subject="{{ contact.zodiac }} {{ shop.name }}")))

    assert "contact.zodiac" in found[0].message
    assert "shop" in found[0].message


def test_a_refused_order_plans_nothing(clients: ContactList, organisation: Organisation) -> None:
    Provider.objects.filter(is_default=True).update(is_default=False)
    with pytest.raises(MailingRefused) as refused:
        plan_mailing(order(clients, None))

    assert [problem.code for problem in refused.value.problems] == ["provider"]
    assert not Mailing.objects.exists()


def test_planning_freezes_identity_links_and_policy(
    clients: ContactList, provider: Provider, organisation: Organisation
) -> None:
    mailing = plan_mailing(order(clients, provider))

    assert mailing.organisation == {"name": "Maison Verdier", "address": "12 rue Mercière, 69002 Lyon"}
    assert mailing.policy == organisation.tracking_policy
    assert Link.objects.get().url == "https://www.maison-verdier.example/soldes"


def test_undo_takes_back_what_nobody_has_begun(mailing: Mailing) -> None:
    assert drop_planned(mailing.pk)
    assert not Mailing.objects.exists()


def test_the_snapshot_decides_tracking_by_consent_and_keeps_only_named_variables(
    mailing: Mailing, make_people: MakePeople
) -> None:
    make_people(1, first=500, open_consent=1, click_consent=2, last_name="Secret")
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)

    unasked = Message.objects.get(address="1@ecole.example")
    consenting = Message.objects.get(address="500@ecole.example")
    assert Tracking.from_number(unasked.tracking) == Tracking(opens=Mode.HYGIENE, clicks=Mode.FULL)
    assert Tracking.from_number(consenting.tracking) == Tracking(opens=Mode.FULL, clicks=Mode.AGGREGATE)
    assert consenting.vars == {"contact": {"first_name": "Élève 500"}, "list": {"id": mailing.audience["lists"][0]}}
