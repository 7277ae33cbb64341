"""The verbs of the public doors: leave, choose. Each acts and stores its event in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import get_language

from contacts.models import ConsentState, ConsentStatement, Contact, ContactList, Purpose, Suppression
from contacts.services import (
    choose_language,
    note_leaving_reason,
    pause_contact,
    push_own_acts,
    record_consent,
    statement_for,
    subscribe,
    suppress,
    unsubscribe,
)
from delivery.models import Message
from feedback.events import OURSELVES, NewEvent, record_events
from feedback.models import Event, Way
from feedback.people import Person, choices_of


@dataclass(frozen=True, slots=True)
class Proof:
    """What is kept with a choice: when and from where."""

    at: datetime
    ip: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One tracking question: what was said (None = not answered, nothing is recorded) and the very words asked."""

    purpose: Purpose
    is_granted: bool | None
    wording: str


@transaction.atomic
def leave(*, mailing: int, message: int, everything: bool, way: Way, at: datetime, person: Person | None) -> None:
    """Take the person of a message off the lists it was sent to, or off everything. Twice is as once.

    Works for a message whose contact is gone (its address is suppressed) and for one whose row is gone (there is nobody
    left to write to under it). The event is stored in any case.
    """
    if person is not None:
        _leave(person, everything=everything, at=at)
    _record(mailing=mailing, message=message, way=way, scope="all" if everything else "lists", at=at)


def _leave(person: Person, *, everything: bool, at: datetime) -> None:
    if person.contact is None:
        if person.address_key:
            suppress(
                address_key=person.address_key,
                reason=Suppression.Reason.UNSUBSCRIBED,
                scope=Suppression.Scope.MARKETING,
                origin="unsubscribe",
                at=at,
            )
    elif everything or not person.lists:
        unsubscribe(contact=person.contact, contact_list=None, at=at)
    else:
        for contact_list in ContactList.objects.filter(pk__in=person.lists):
            unsubscribe(contact=person.contact, contact_list=contact_list, at=at)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the preference page settles. `pause`: days, 0 for none, None to leave it as it is."""

    lists: frozenset[int]
    answers: Sequence[Answer]
    language: str = ""
    pause: int | None = None


@transaction.atomic
def save_choices(*, person: Person, choices: Choices, proof: Proof) -> None:
    """Make the person's lists those chosen among the ones offered, and settle the rest."""
    contact = person.contact
    if contact is None:
        return
    offered = choices_of(contact)
    left = [row for row, is_on in offered if is_on and row.pk not in choices.lists]
    joined = [row for row, is_on in offered if not is_on and row.pk in choices.lists]
    for row in left:
        unsubscribe(contact=contact, contact_list=row, at=proof.at, statement=_statement(row.name, topic=row.name))
    if left:
        _record(mailing=person.mailing, message=person.message, way=Way.PREFERENCES, scope="lists", at=proof.at)
    for row in joined:
        statement = _statement(_wording(row), topic=row.name)
        subscribe(contact=contact, contact_list=row, statement=statement, ip=proof.ip, user_agent=proof.user_agent)
    save_answers(contact=contact, answers=choices.answers, proof=proof)
    if choices.language and choices.language != contact.language:
        choose_language(contact=contact, language=choices.language)
    if choices.pause is not None:
        pause_contact(contact=contact, days=choices.pause, at=proof.at)


def _wording(row: ContactList) -> str:
    return f"{row.name}. {row.description}".strip()


@transaction.atomic
def save_answers(*, contact: Contact, answers: Sequence[Answer], proof: Proof) -> None:
    """Record the tracking questions that were answered; to say something, or nothing, is a sign of life."""
    push_own_acts(acted={contact.pk: proof.at})
    for answer in answers:
        _record_answer(contact, answer, proof)


def leaving_reason(*, mailing: int, message: int, answer: int, words: str, at: datetime) -> bool:
    """Why somebody left, told after it was done; False for a message that is not theirs to tell of."""
    if not Message.objects.filter(pk=message, mailing=mailing).exists():
        return False
    note_leaving_reason(mailing=mailing, message=message, answer=answer, words=words, at=at)
    return True


def _record_answer(contact: Contact, answer: Answer, proof: Proof) -> None:
    """Append a consent where the answer says something new."""
    known = contact.open_consent if answer.purpose == Purpose.OPENS else contact.click_consent
    wanted = ConsentState.GRANTED if answer.is_granted else ConsentState.DENIED
    if answer.is_granted is None or known == wanted:
        return
    record_consent(
        contact=contact,
        purpose=answer.purpose,
        state=wanted,
        statement=_statement(answer.wording, topic=answer.purpose),
        at=proof.at,
        ip=proof.ip,
        user_agent=proof.user_agent,
    )


def _statement(wording: str, *, topic: str) -> ConsentStatement:
    """The shared row of these very words, shown on the preference page; other words are its next version."""
    return statement_for(
        origin=ConsentStatement.Origin.PREFERENCES,
        source=f"preference page: {topic}",
        wording=wording,
        language=get_language() or "",
    )


def _record(*, mailing: int, message: int, way: Way, scope: str, at: datetime) -> None:
    event = NewEvent(
        source=OURSELVES,
        key=f"leave:{message}:{scope}:{way}",
        kind=Event.Kind.UNSUBSCRIBED,
        at=at,
        mailing=mailing,
        message=message,
        way=way,
        details={"scope": scope},
    )
    record_events([event])
