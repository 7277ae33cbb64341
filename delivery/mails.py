"""The mails Envol writes by itself: "do you confirm?" and "welcome". Announced by contacts; a sweep finds the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from common import tokens
from contacts.audience import Audience
from contacts.models import Confirmation, Contact, ContactList, WelcomeDue
from contacts.services import due_mails, note_mailed, take_due
from deliverability.models import Sender
from delivery.models import ListMail, Provider, Stream
from delivery.services.planning import (
    ContentOrder,
    MailingOrder,
    Problem,
    check_order,
    provider_problems,
    stream_problems,
)
from delivery.skeleton import ContentRefused
from delivery.standing import Letter, next_occasion, write_letter
from delivery.streams import default_stream, provider_for
from templates_app.rendering import compile_source

log = structlog.get_logger(__name__)

Kind = Confirmation.Kind
AT_ONCE = 500  # mails one pass of the sweep writes
WELCOME_AGAIN = timedelta(minutes=10)  # until the next try of one that could not be sent
WELCOME_WITHIN = timedelta(days=3)  # later it would be no welcome


@dataclass(frozen=True, slots=True)
class Words:
    """What a confirmation mail says; Liquid in it is filled per person."""

    subject: str
    title: str
    lines: tuple[str, ...]
    button: str
    after: tuple[str, ...]


def way_of(lists: Sequence[int]) -> tuple[Sender | None, Provider | None]:
    """In whose name and through whom lists write by themselves: the first that says so, else the first sender and
    None, the stream's provider."""
    mails = ListMail.objects.filter(contact_list__in=lists).select_related("sender", "provider").order_by("pk")
    rows = list(mails)
    sender = next((row.sender for row in rows if row.sender), None) or Sender.objects.order_by("pk").first()
    return sender, next((row.provider for row in rows if row.provider), None)


def way_problems(lists: Sequence[int]) -> list[Problem]:
    """Why confirmation mails of these lists would not leave now; forms show them to the team."""
    sender, provider = way_of(lists)
    stream = default_stream(Stream.Kind.TRANSACTIONAL)
    problems = provider_problems(provider or provider_for(stream))
    if sender is None:
        problems.append(
            Problem("sender", _("There is no sender to write in the name of."), _("Add one under Deliverability."))
        )
        return problems
    return problems + stream_problems(stream, senders=[sender.address])


def send_due_confirmations(*, at: datetime) -> int:
    """Write what is due into the ledger; returns how many. What cannot be sent yet stays due."""
    return sum(send_confirmation(number, at=at) for number in due_mails(at=at, limit=AT_ONCE))


def send_confirmation(number: int, *, at: datetime) -> bool:
    """The mail of one confirmation, once however often this is called; False when it is not due or cannot be sent."""
    occasion = next_occasion()
    with transaction.atomic():
        confirmation = take_due(number)
        if confirmation is None:
            return False
        sender, provider = way_of(confirmation.lists)
        problems = way_problems(confirmation.lists)
        if sender is None or problems:
            log.warning("confirmation_waits", confirmation=number, problems=[problem.code for problem in problems])
            return False
        write_letter(
            _confirmation_letter(confirmation, sender, provider),
            contact=confirmation.contact,
            address=confirmation.address,
            variables={"list": _list_of(confirmation), "action": {"url": confirmation_url(confirmation)}},
            at=at,
            occasion=occasion,
        )
        note_mailed(confirmation, at=at)
    return True


def confirmation_url(confirmation: Confirmation) -> str:
    """The page that asks; its button confirms."""
    token = tokens.encode(tokens.Purpose.CONFIRM, mailing=0, message=confirmation.pk)
    return f"{settings.ENVOL_URL}/y/{token}"


def _list_of(confirmation: Confirmation) -> dict[str, object]:
    names = list(ContactList.objects.filter(pk__in=confirmation.lists).values_list("name", flat=True))
    return {"id": confirmation.lists[0] if confirmation.lists else 0, "name": ", ".join(names)}


def _confirmation_letter(confirmation: Confirmation, sender: Sender, provider: Provider | None) -> Letter:
    kind = Kind(confirmation.kind)
    language = confirmation.language or settings.LANGUAGE_CODE
    with translation.override(language):
        words = words_of(kind)
        content = ContentOrder(
            subject=words.subject,
            html=_html(kind, language),
            sender_address=sender.address,
            sender_name=sender.name,
            reply_to=sender.reply_to,
            language=language,
        )
        name = _("Confirmation: %(what)s (%(language)s)") % {"what": kind.label, "language": language}
    return Letter(f"confirm{kind}", name, content, default_stream(Stream.Kind.TRANSACTIONAL), provider)


@lru_cache(maxsize=32)
def _html(kind: Confirmation.Kind, language: str) -> str:
    words = words_of(kind)
    page = {"language": language, "title": words.title, "preheader": words.lines[0], "lines": words.lines}
    source = render_to_string("delivery/mails/action.mjml", page | {"button": words.button, "after": words.after})
    return compile_source(source).html


def words_of(kind: Confirmation.Kind) -> Words:
    """In the active language."""
    good_for = _("The button is good for 7 days. You can ask for a new message afterwards.")
    if kind == Kind.SUBSCRIBE:
        return Words(
            subject=_("Do you confirm? {{ list.name }}"),
            title=_("One touch, and it is done"),
            lines=(_("This address was given to receive: {{ list.name }}. We write only once you have confirmed."),),
            button=_("I confirm"),
            after=(_("It was not you? Do nothing: without your confirmation, we do not write."), good_for),
        )
    if kind == Kind.ADDRESS:
        return Words(
            subject=_("Your new address with {{ organisation.name }}"),
            title=_("Is this your new address?"),
            lines=(_("Somebody who reads us wants to receive our messages at {{ contact.email }} from now on."),),
            button=_("Use this address"),
            after=(_("It was not you? Do nothing, and nothing changes."), good_for),
        )
    if kind == Kind.COPY:
        return Words(
            subject=_("The copy of your data"),
            title=_("Your data, as we keep them"),
            lines=(_("You asked for a copy of what we know about you. It can be read by people and by machines."),),
            button=_("Fetch the copy"),
            after=(_("It was not you? Do nothing: nobody else can fetch it."), good_for),
        )
    if kind == Kind.STAY:
        return Words(
            subject=_("Do you want to stay with {{ organisation.name }}?"),
            title=_("Do you want to stay?"),
            lines=(
                _("We have not heard from you for long, and we do not keep people's data for ever."),
                _("Touch the button, and everything stays as it is. Do nothing, and we forget you within weeks."),
            ),
            button=_("I stay"),
            after=(_("This is the only time we ask."),),
        )
    return Words(
        subject=_("Erase your data?"),
        title=_("Shall we forget you?"),
        lines=(_("You asked us to erase what we know about you. It cannot be undone."),),
        button=_("See what will be erased"),
        after=(_("It was not you? Do nothing, and nothing is erased."), good_for),
    )


def send_due_welcomes(*, at: datetime) -> int:
    """Welcomes whose signal was missed, or that could not be written before; returns how many were written."""
    WelcomeDue.objects.filter(joined_at__lte=at - WELCOME_WITHIN).delete()
    due = WelcomeDue.objects.filter(due_at__lte=at).order_by("due_at").values_list("contact_id", "contact_list_id")
    return sum(send_welcome(contact, contact_list, at=at) for contact, contact_list in due[:AT_ONCE])


def send_welcome(contact_id: int, list_id: int, *, at: datetime) -> bool:
    """The welcome of a list somebody has just joined, once however often this is called.

    False when nothing was written: it is not due, the list has none, or it cannot be sent yet and stays due.
    """
    occasion = next_occasion()
    with transaction.atomic():
        rows = WelcomeDue.objects.select_for_update(of=("self",), skip_locked=True).select_related("contact")
        due = rows.filter(contact=contact_id, contact_list=list_id).first()
        if due is None:
            return False
        found = ListMail.objects.select_related("welcome_template__current", "contact_list")
        mail = found.filter(contact_list=list_id, welcome_template__current__isnull=False).first()
        problem = _write_welcome(mail, due.contact, at=at, occasion=occasion) if mail else ""
        if problem:
            log.warning("welcome_waits", list=list_id, problem=problem)
            WelcomeDue.objects.filter(pk=due.pk).update(due_at=at + WELCOME_AGAIN)
            return False
        due.delete()
    return mail is not None


def _write_welcome(mail: ListMail, contact: Contact, *, at: datetime, occasion: int) -> str:
    """Into the ledger; returns why not, empty when it is written."""
    sender, provider = way_of([mail.contact_list_id])
    if sender is None:
        return "no sender"
    letter = _welcome_letter(mail, sender, provider)
    if problems := check_order(_as_order(letter, at)):
        return ", ".join(problem.code for problem in problems)
    variables = {"list": {"id": mail.contact_list_id, "name": mail.contact_list.name}}
    try:
        with transaction.atomic():
            write_letter(
                letter, contact=contact, address=contact.address, variables=variables, at=at, occasion=occasion
            )
    except ContentRefused as error:
        return str(error)
    return ""


def _welcome_letter(mail: ListMail, sender: Sender, provider: Provider | None) -> Letter:
    template = mail.welcome_template
    assert template is not None and template.current is not None
    content = ContentOrder(
        subject=mail.welcome_subject or _("Welcome"),
        html=template.current.html,
        sender_address=sender.address,
        sender_name=sender.name,
        reply_to=sender.reply_to,
        language=template.language,
    )
    name = _("Welcome: %(list)s") % {"list": mail.contact_list.name}
    stream = default_stream(Stream.Kind.AUTOMATION)
    return Letter("welcome", name, content, stream, provider, lists=(mail.contact_list_id,))


def _as_order(letter: Letter, at: datetime) -> MailingOrder:
    return MailingOrder(
        name=letter.name,
        audience=Audience(lists=letter.lists),
        provider=letter.provider,
        stream=letter.stream,
        contents=(letter.content,),
        starts_at=at,
    )
