"""Confirmation and welcome mails: single messages in the ledger, through a real SMTP server."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.utils import timezone

from accounts.models import Organisation
from contacts.addresses import fingerprint
from contacts.models import Confirmation, Contact, ContactList, SubscribeForm, Suppression, WelcomeDue
from contacts.services import (
    Posted,
    Witness,
    add_contact,
    ask_again,
    confirm_joining,
    erase_contact,
    pause_contact,
    post_form,
    suppress,
    suppress_on_list,
)
from deliverability.models import Sender
from deliverability.services import ensure_sender
from delivery import dispatch, ledger
from delivery.mails import send_confirmation, send_due_confirmations, send_due_welcomes, way_problems
from delivery.models import ListMail, Mailing, Message, Outcome, Provider, StandingMailing
from delivery.reasons import Reason
from delivery.services import ContentOrder, drive, plan_mailing
from delivery.skeleton import skeleton_for
from delivery.skeleton.slow import render_slowly
from templates_app.models import Template, TemplateVersion
from tests.delivery.conftest import MakePeople, order
from tests.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def form(clients: ContactList, provider: Provider, organisation: Organisation) -> SubscribeForm:
    ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example")
    ListMail.objects.create(contact_list=clients, provider=provider)
    made = SubscribeForm.objects.create(name="Footer", slug="footer", words={"fr": {"consent": "Oui"}})
    made.lists.set([clients])
    return made


def post(form: SubscribeForm, address: str = "901@ecole.example", language: str = "fr") -> Confirmation:
    post_form(form=form, posted=Posted(address=address, language=language), witness=Witness(at=timezone.now()))
    return Confirmation.objects.latest("pk")


def send(provider: Provider) -> None:
    dispatch.work_provider(provider.pk, shift=2)


def the_mail() -> EmailMessage:
    """The last message as it goes out, the same by both ways of making it."""
    message = Message.objects.latest("pk")
    skeleton, at = skeleton_for(message.content_id or 0), timezone.now()
    source = skeleton.fill(message, at=at).source
    assert source == render_slowly(skeleton.content, message, at=at)
    found = message_from_bytes(source, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_post_puts_one_transactional_message_into_the_ledger(
    form: SubscribeForm, provider: Provider, server: SmtpServer
) -> None:
    confirmation = post(form)

    send(provider)

    mailing = Mailing.objects.get()
    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.planned, numbers.accepted, numbers.is_balanced) == (1, 1, True)
    assert ledger.check_ledger(mailing) is None
    assert (mailing.is_transactional, mailing.state) == (True, Mailing.State.SENDING)
    assert mailing.stream is not None and mailing.stream.kind == "transactional"
    assert mailing.batches.get().is_urgent
    confirmation.refresh_from_db()
    assert (confirmation.mail_count, confirmation.mail_due_at) == (1, None)
    assert Message.objects.get().tracking == 0


def test_the_mail_has_the_button_and_no_list_headers(
    form: SubscribeForm, provider: Provider, server: SmtpServer, settings: object
) -> None:
    post(form)

    send(provider)

    mail = the_mail()
    assert mail["Subject"] == "Confirmez-vous\u202f? Clients"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail["List-Unsubscribe"], mail["List-ID"], mail["Precedence"]) == (None, None, None)
    html = mail.get_body(("html",))
    assert html is not None and "/y/" in html.get_content()
    assert "/c/" not in html.get_content() and "/o/" not in html.get_content()


def test_language_of_the_mail_is_that_of_the_form_page(
    form: SubscribeForm, provider: Provider, server: SmtpServer
) -> None:
    post(form, language="en")

    send(provider)

    assert the_mail()["Subject"] == "Do you confirm? Clients"


def test_asking_again_is_another_message_of_the_same_mailing(form: SubscribeForm, provider: Provider) -> None:
    confirmation = post(form)
    Confirmation.objects.update(mailed_at=timezone.now() - timedelta(hours=2))

    assert ask_again(confirmation, at=timezone.now())

    assert Message.objects.count() == 2
    assert len(set(Message.objects.values_list("occasion", flat=True))) == 2
    assert StandingMailing.objects.count() == 1


def test_a_mail_is_written_once_however_often_the_bell_rings(form: SubscribeForm) -> None:
    confirmation = post(form)

    assert not send_confirmation(confirmation.pk, at=timezone.now())
    assert send_due_confirmations(at=timezone.now()) == 0
    assert Message.objects.count() == 1


def test_without_a_sender_the_mail_waits_and_the_sweep_sends_it_later(
    form: SubscribeForm, clients: ContactList
) -> None:
    Sender.objects.all().delete()
    post(form)
    assert not Message.objects.exists()
    assert [problem.code for problem in way_problems([clients.pk])] == ["sender"]

    ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example")

    assert send_due_confirmations(at=timezone.now()) == 1


def test_the_next_month_has_a_mailing_of_its_own_and_the_old_one_finishes(
    form: SubscribeForm, provider: Provider
) -> None:
    post(form)
    send(provider)
    first = Mailing.objects.get()
    dispatch.sweep()
    first.refresh_from_db()
    assert first.state == Mailing.State.SENDING

    Mailing.objects.update(open_until=timezone.now() - timedelta(minutes=1))
    StandingMailing.objects.update(month="2026-01-01")
    dispatch.sweep()
    post(form, "902@ecole.example")

    first.refresh_from_db()
    assert first.state == Mailing.State.FINISHED
    assert Mailing.objects.count() == 2


def test_unsubscribed_people_are_asked_and_complainers_are_not(form: SubscribeForm, provider: Provider) -> None:
    now = timezone.now()
    suppress(address_key="901@ecole.example", reason=20, scope=1, origin="", at=now)
    suppress(address_key="902@ecole.example", reason=23, scope=0, origin="", at=now)
    post(form, "901@ecole.example")
    post(form, "902@ecole.example")

    send(provider)

    assert Outcome.objects.filter(state=Outcome.State.ACCEPTED).count() == 1
    assert Outcome.objects.get(state=Outcome.State.SKIPPED).reason == Reason.COMPLAINED
    assert ledger.ledger_of(Mailing.objects.get().pk).is_balanced


def test_welcome_goes_out_after_confirming(
    form: SubscribeForm, provider: Provider, clients: ContactList, server: SmtpServer
) -> None:
    welcoming(clients)
    confirmation = post(form)

    confirm_joining(confirmation.pk, witness=Witness(at=timezone.now()))
    send(provider)

    mail = the_mail()
    assert mail["Subject"] == "Bienvenue chez Clients"
    assert mail["List-Unsubscribe"] is not None
    assert Mailing.objects.filter(is_transactional=False).get().standing.key.startswith("welcome:")


def welcoming(clients: ContactList) -> None:
    template = Template.objects.create(name="Welcome", language="fr")
    html = '<html><body><p>Bienvenue</p><a href="{{ unsubscribe_url }}">Quitter</a></body></html>'
    template.current = TemplateVersion.objects.create(template=template, source="<mjml></mjml>", html=html)
    template.save()
    ListMail.objects.update(welcome_template=template, welcome_subject="Bienvenue chez {{ list.name }}")


def test_a_welcome_nobody_could_write_is_written_by_the_sweep_once(
    form: SubscribeForm, provider: Provider, clients: ContactList, server: SmtpServer
) -> None:
    welcoming(clients)
    confirmation = post(form)
    Sender.objects.all().delete()
    confirm_joining(confirmation.pk, witness=Witness(at=timezone.now()))
    assert Mailing.objects.filter(is_transactional=False).count() == 0

    ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example")

    assert send_due_welcomes(at=timezone.now()) == 0  # tried a moment ago
    assert send_due_welcomes(at=timezone.now() + timedelta(minutes=11)) == 1
    assert send_due_welcomes(at=timezone.now() + timedelta(minutes=11)) == 0
    assert not WelcomeDue.objects.exists()


def test_a_welcome_that_comes_days_late_is_none(form: SubscribeForm, clients: ContactList, server: SmtpServer) -> None:
    welcoming(clients)
    contact = add_contact(address="901@ecole.example")
    joined = timezone.now() - timedelta(days=4)
    WelcomeDue.objects.create(contact=contact, contact_list=clients, joined_at=joined, due_at=joined)

    assert send_due_welcomes(at=timezone.now()) == 0
    assert not WelcomeDue.objects.exists()


def test_the_question_at_the_end_of_retention_goes_through_the_ledger(
    form: SubscribeForm, provider: Provider, server: SmtpServer
) -> None:
    contact = add_contact(address="901@ecole.example", language="en")
    now = timezone.now()
    asked = Confirmation.objects.create(
        kind=Confirmation.Kind.STAY,
        contact=contact,
        address=contact.address,
        language="en",
        asked_at=now,
        expires_at=now + timedelta(days=33),
        mail_due_at=now,
    )

    assert send_due_confirmations(at=now) == 1

    mail = the_mail()
    assert mail["Subject"] == "Do you want to stay with Maison Verdier?"
    assert Mailing.objects.get().is_transactional
    asked.refresh_from_db()
    assert asked.mailed_at == now


def test_paused_people_and_suppressions_of_the_list_are_skipped_with_the_reason(
    mailing: Mailing, clients: ContactList, server: SmtpServer
) -> None:
    first, second = Contact.objects.order_by("pk")[:2]
    pause_contact(contact=first, days=30, at=timezone.now())
    suppress_on_list(address_key=second.address_key, contact_list=clients, reason=24, origin="", at=timezone.now())

    drive(mailing.pk, report=lambda numbers: None)

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.skipped, numbers.is_balanced) == (28, 2, True)
    assert numbers.reasons == {4: {Reason.PAUSED: 1, Reason.SUPPRESSED_BY_TEAM: 1}}


def test_a_pause_or_an_erasure_after_the_snapshot_is_seen_at_claim(
    mailing: Mailing, clients: ContactList, server: SmtpServer
) -> None:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    first, second, third = Contact.objects.order_by("pk")[:3]
    pause_contact(contact=first, days=30, at=timezone.now())
    Suppression.objects.create(fingerprint=fingerprint(second.address_key), reason=25, scope=1)
    erase_contact(contact=third, at=timezone.now())

    drive(mailing.pk, report=lambda numbers: None)

    numbers = ledger.ledger_of(mailing.pk)
    assert (numbers.accepted, numbers.skipped, numbers.is_balanced) == (27, 3, True)
    assert numbers.reasons == {4: {Reason.PAUSED: 1, Reason.ERASED: 2}}


def test_erasure_empties_the_ledger_and_keeps_its_numbers(mailing: Mailing, server: SmtpServer) -> None:
    drive(mailing.pk, report=lambda numbers: None)
    person = Contact.objects.order_by("pk")[0]
    key = person.address_key

    erase_contact(contact=person, at=timezone.now())

    assert not Message.objects.filter(address_key=key).exists()
    assert Message.objects.filter(address="", vars={}, contact_id=None).count() == 1
    assert ledger.ledger_of(mailing.pk).accepted == 30


def test_somebody_on_a_tombstone_is_not_mailed_as_a_new_contact(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople, server: SmtpServer
) -> None:
    person = add_contact(address="1@ecole.example")
    erase_contact(contact=person, at=timezone.now())
    make_people(3)  # a way that did not look

    mailing = plan_mailing(order(clients, provider))
    drive(mailing.pk, report=lambda numbers: None)

    assert ledger.ledger_of(mailing.pk).reasons == {4: {Reason.ERASED: 1}}


ASKING = (
    "<html><body>{% if contact.may_ask_tracking %}<a href='{{ tracking_choice_url }}'>Mesurer ?</a>{% endif %}"
    "<p>{{ organisation.address }}</p><a href='{{ unsubscribe_url }}'>Quitter</a></body></html>"
)


def test_people_are_asked_about_tracking_once_in_six_months(
    organisation: Organisation, clients: ContactList, provider: Provider, make_people: MakePeople, server: SmtpServer
) -> None:
    make_people(3)
    answered = Contact.objects.latest("pk")
    Contact.objects.filter(pk=answered.pk).update(open_consent=2)
    content = ContentOrder(subject="Lettre", html=ASKING, sender_address="bonjour@maison-verdier.example")

    def send_one() -> list[bool]:
        mailing = plan_mailing(order(clients, provider, contents=(content,)))
        drive(mailing.pk, report=lambda numbers: None)
        messages = Message.objects.filter(mailing=mailing).order_by("contact_id")
        sources = [skeleton_for(row.content_id or 0).fill(row).source for row in messages]
        return [b"/t/" in source for source in sources]

    assert send_one() == [True, True, False]
    assert send_one() == [False, False, False]
    Contact.objects.update(tracking_asked_at=timezone.now() - timedelta(days=184))
    assert send_one() == [True, True, False]
