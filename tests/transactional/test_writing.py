"""From a durable request to the ledger and the wire."""

import json
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from accounts.models import Organisation
from contacts.models import Suppression
from contacts.services import add_contact, erase_contact, suppress
from delivery import dispatch, ledger
from delivery.models import Batch, Mailing, Message, Outcome, Provider, Stream
from delivery.skeleton import skeleton_for
from tests.smtp import SmtpServer
from tests.transactional.conftest import Shop
from transactional.models import MessageRequest
from transactional.writing import write_due

pytestmark = pytest.mark.django_db(transaction=True)


def write() -> int:
    return write_due(at=timezone.now()).count


def test_requests_become_messages_of_one_standing_mailing_each_once(shop: Shop, relay: Provider) -> None:
    asked = [shop.message(f"{number}@courriel.example") for number in range(70)]
    _status, told = shop.ask({"messages": [*asked, shop.message("0@courriel.example")]})

    assert (write(), write()) == (71, 0)

    mailing = Mailing.objects.get()
    assert (mailing.provider_id, mailing.is_transactional, mailing.planned_count) == (relay.pk, True, 71)
    assert mailing.stream is not None
    assert mailing.stream.kind == Stream.Kind.TRANSACTIONAL
    assert Message.objects.count() == 71  # the same person twice: two requests
    rows = MessageRequest.objects.in_bulk([one["id"] for one in told["messages"]], field_name="uuid")
    addresses = dict(Message.objects.values_list("pk", "address"))
    assert all(addresses[row.message_id] == row.address for row in rows.values())
    assert sorted(batch.last_id - batch.first_id + 1 for batch in Batch.objects.all()) == [21, 50]
    assert Batch.objects.filter(is_urgent=True).count() == 2
    assert ledger.ledger_of(mailing.pk).is_balanced


def test_what_is_sent_says_what_was_asked(shop: Shop, relay: Provider, server: SmtpServer) -> None:
    add_contact(address="7@ecole.example", first_name="Zoé")
    _status, told = shop.ask(shop.message("7@ecole.example"))
    write()

    dispatch.work_provider(relay.pk, only_urgent=True, shift=2)

    assert [number for mailbox in server.mailboxes for number in mailbox.accepted] == [7]
    message = Message.objects.select_related("mailing").get()
    mail = message_from_bytes(skeleton_for(message.content_id).fill(message).source, policy=policy.default)
    html = mail.get_body(("html",)).get_content()
    assert mail["Subject"] == "Votre reçu A-17"
    assert "Bonjour Zoé, merci : 42,00 €." in html
    assert "Carnet Crayon &lt;HB&gt;" in html
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    found = shop.state(told["id"])
    assert (found["state"], bool(found["sent_at"]), found["delivered_at"]) == ("accepted", True, None)


def test_who_must_not_be_written_to_is_skipped_and_said_so(shop: Shop, relay: Provider) -> None:
    now = timezone.now()
    for name, scope in (("gone", Suppression.Scope.ALL), ("left", Suppression.Scope.MARKETING)):
        key = f"{name}@courriel.example"
        suppress(address_key=key, reason=Suppression.Reason.COMPLAINED, scope=scope, origin="test", at=now)
    _status, told = shop.ask(
        {"messages": [shop.message("gone@courriel.example"), shop.message("left@courriel.example")]}
    )

    assert write() == 2

    first, second = (shop.state(one["id"]) for one in told["messages"])
    assert (first["state"], first["reason"]) == ("skipped", "complained")
    assert second["state"] == "pending"  # who left marketing still gets a receipt
    assert Outcome.objects.count() == 1
    assert ledger.ledger_of(Mailing.objects.get().pk).is_balanced


def test_without_a_provider_it_waits_and_goes_later(shop: Shop) -> None:
    Provider.objects.update(is_default=False)
    shop.ask(shop.message())

    assert write_due(at=timezone.now()).is_stuck
    Provider.objects.filter(is_catcher=True).update(is_default=True)

    assert write() == 1


def test_what_can_never_be_made_is_refused_and_keeps_nobody_back(shop: Shop, relay: Provider) -> None:
    _status, told = shop.ask({"messages": [shop.message("a@courriel.example"), shop.message("b@courriel.example")]})
    broken = MessageRequest.objects.get(address="a@courriel.example")
    MessageRequest.objects.filter(pk=broken.pk).update(subject="{{ nothing")

    written = write_due(at=timezone.now())

    assert (written.count, written.refused) == (1, 1)
    assert shop.state(told["messages"][0]["id"])["state"] == "refused"


def test_a_new_version_of_the_template_is_another_mailing(shop: Shop, relay: Provider) -> None:
    from templates_app.services import save_version

    shop.ask(shop.message())
    write()
    assert shop.template.current is not None
    save_version(template=shop.template, source=shop.template.current.source.replace("merci", "merci bien"), user=None)
    shop.ask(shop.message())
    write()

    assert Mailing.objects.count() == 2


def test_a_month_later_the_mailing_is_another(shop: Shop, relay: Provider) -> None:
    shop.ask(shop.message())
    write()
    shop.ask(shop.message())
    write_due(at=timezone.now() + timedelta(days=40))

    assert Mailing.objects.count() == 2


def test_somebody_erased_before_it_left_is_not_written_to(
    shop: Shop, relay: Provider, organisation: Organisation
) -> None:
    contact = add_contact(address="camille@courriel.example")
    _status, told = shop.ask(shop.message())
    erase_contact(contact=contact, at=timezone.now())

    assert write() == 0

    row = MessageRequest.objects.get()
    assert (row.address, row.variables, row.message_id) == ("", {}, None)
    assert shop.state(told["id"])["state"] == "refused"
    assert "courriel" not in json.dumps(shop.state(told["id"]))
