"""Senders: what a From header can carry, and pages to keep them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from campaigns.models import Campaign
from deliverability.models import Sender, SendingDomain
from deliverability.services import (
    BrokenSender,
    SenderInUse,
    bounce_address_of,
    change_sender,
    ensure_sender,
    remove_sender,
)

pytestmark = pytest.mark.django_db


def verdier(name: str = "Maison Verdier", address: str = "bonjour@maison-verdier.example") -> Sender:
    return ensure_sender(name=name, address=address)


def test_ensure_sender_makes_it_once_with_its_domain() -> None:
    first, second = verdier(), verdier(address=" Bonjour@Maison-Verdier.example ")

    assert first == second
    assert SendingDomain.objects.get().name == "maison-verdier.example"


def test_ensure_sender_brings_a_domain_to_its_ascii_form() -> None:
    assert ensure_sender(name="Été", address="a@été.example").address == "a@xn--t-9fab.example"


def test_ensure_sender_takes_a_new_reply_address_and_keeps_an_old_one() -> None:
    verdier()
    ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example", reply_to="aide@x.example")

    assert verdier().reply_to == "aide@x.example"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 101}),
        ("name", {"name": "Verdier\r\nBcc: x@x.example"}),
        ("name", {"name": "Verdier\u2028Bcc"}),
        ("name", {"name": "Verdier\x00"}),
        ("address", {"address": "verdier"}),
        ("address", {"address": "a@x.example\r\nBcc: b@x.example"}),
        ("address", {"address": "é@x.example"}),
        ("reply_to", {"reply_to": "nobody"}),
    ],
)
def test_what_no_header_can_carry_is_refused_by_field(field: str, values: dict[str, str]) -> None:
    with pytest.raises(BrokenSender) as refusal:
        ensure_sender(**{"name": "Verdier", "address": "a@x.example"} | values)

    assert refusal.value.field == field
    assert not Sender.objects.exists()


def test_change_sender_moves_its_domain() -> None:
    change_sender(sender=verdier(), name="Verdier", address="a@verdier.example")

    assert list(SendingDomain.objects.values_list("name", flat=True)) == ["verdier.example"]


def test_change_sender_into_another_is_refused() -> None:
    verdier()
    other = verdier(name="Inès")

    with pytest.raises(BrokenSender):
        change_sender(sender=other, name="Maison Verdier", address="bonjour@maison-verdier.example")


def test_remove_sender_takes_its_domain_with_the_last_one() -> None:
    first, second = verdier(), verdier(name="Inès")

    remove_sender(sender=first)
    assert SendingDomain.objects.exists()
    remove_sender(sender=second)
    assert not SendingDomain.objects.exists()


def test_sender_of_a_campaign_is_not_removed() -> None:
    sender = verdier()
    Campaign.objects.create(name="Soldes", sender=sender)

    with pytest.raises(SenderInUse):
        remove_sender(sender=sender)


def test_page_teaches_when_empty(team_client: Client) -> None:
    assert "No sender yet" in team_client.get(reverse("deliverability:senders")).text


def test_page_costs_the_same_for_one_and_three(team_client: Client) -> None:
    costs = []
    for expected in (1, 3):
        for number in range(expected):
            verdier(address=f"a{number}@maison-verdier.example")
        with CaptureQueriesContext(connection) as queries:
            response = team_client.get(reverse("deliverability:senders"))
        assert response.text.count('<th scope="row">') == expected
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_page_warns_of_a_mailbox_providers_domain(team_client: Client) -> None:
    verdier(address="verdier@gmail.com")

    assert "a mailbox provider’s domain" in team_client.get(reverse("deliverability:senders")).text


def test_sender_is_added_and_remembered_in_the_audit(team_client: Client) -> None:
    response = team_client.post(
        reverse("deliverability:new_sender"), {"name": "Verdier", "address": "A@Verdier.example", "reply_to": ""}
    )

    assert response.status_code == 302
    assert Sender.objects.get().address == "a@verdier.example"
    assert AuditEntry.objects.get().verb == "sender.add"


def test_wrong_address_is_said_beside_the_field(team_client: Client) -> None:
    response = team_client.post(reverse("deliverability:new_sender"), {"name": "Verdier", "address": "verdier"})

    assert "address" in response.context["form"].errors


def test_sender_is_changed(team_client: Client) -> None:
    sender = verdier()

    team_client.post(
        reverse("deliverability:sender", args=[sender.pk]), {"name": "Inès", "address": "ines@verdier.example"}
    )

    sender.refresh_from_db()
    assert str(sender) == "Inès <ines@verdier.example>"


def test_sender_changed_into_another_is_said(team_client: Client) -> None:
    verdier()
    other = verdier(name="Inès")

    response = team_client.post(
        reverse("deliverability:sender", args=[other.pk]), {"name": "Maison Verdier", "address": other.address}
    )

    assert response.status_code == 200
    assert response.context["form"].errors


def test_sender_is_removed_unless_used(team_client: Client) -> None:
    free, used = verdier(), verdier(name="Inès")
    Campaign.objects.create(name="Soldes", sender=used)

    team_client.post(reverse("deliverability:remove_sender", args=[free.pk]))
    response = team_client.post(reverse("deliverability:remove_sender", args=[used.pk]), follow=True)

    assert list(Sender.objects.all()) == [used]
    assert "A campaign uses this sender" in response.text


def test_bounces_of_a_domain_go_where_it_says(team_client: Client) -> None:
    sender = verdier()
    door = reverse("deliverability:bounces", args=[sender.pk])

    assert team_client.post(door, {"bounce_address": "Retours@Mail.maison-verdier.example"}).status_code == 302

    sender.domain.refresh_from_db()
    assert sender.domain.bounce_address == "retours@mail.maison-verdier.example"
    assert bounce_address_of("bonjour@maison-verdier.example") == "retours@mail.maison-verdier.example"
    assert bounce_address_of("bonjour@elsewhere.example") == ""
    assert AuditEntry.objects.filter(verb="domain.bounces").exists()
    page = team_client.get(reverse("deliverability:sender", args=[sender.pk])).content.decode()
    assert "Bounces of maison-verdier.example" in page
    assert 'value="retours@mail.maison-verdier.example"' in page
    team_client.post(door, {"bounce_address": ""})
    assert bounce_address_of("bonjour@maison-verdier.example") == ""


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("bounces@elsewhere.example", "at maison-verdier.example or below it"),
        ("bounces@evilmaison-verdier.example", "at maison-verdier.example or below it"),
        (f"{'b' * 31}@maison-verdier.example", "At most 30 characters"),
        ("a+b@maison-verdier.example", "no plus sign"),
        ("nonsense", "valid email"),
    ],
)
def test_an_address_no_bounce_would_come_back_to_is_refused(team_client: Client, address: str, words: str) -> None:
    sender = verdier()

    page = team_client.post(reverse("deliverability:bounces", args=[sender.pk]), {"bounce_address": address})

    assert words in page.content.decode()
    assert SendingDomain.objects.get().bounce_address == ""
