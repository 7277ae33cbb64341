"""Asking a mailbox, and taking its answer. The mail itself is sent by a higher floor, told by a signal."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from contacts.addresses import address_key, fingerprint
from contacts.canonical import canonical
from contacts.models import Confirmation, ConsentStatement, Contact, OptInGate, SubscribeForm
from contacts.services.engagement import push_own_acts
from contacts.services.suppressions import forget_words, let_back
from contacts.signals import confirmation_due

log = structlog.get_logger(__name__)

LIFE = timedelta(days=7)
GATE = timedelta(days=1)
BETWEEN_MAILS = timedelta(hours=1)
MAILS = 3
Kind, State = Confirmation.Kind, Confirmation.State


@dataclass(frozen=True, slots=True)
class Witness:
    """When and from where something was asked or answered."""

    at: datetime
    ip: str | None = None
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a mailbox is asked to confirm; see Confirmation for the shape of `given`."""

    kind: Confirmation.Kind
    contact: Contact
    address: str
    language: str
    lists: tuple[int, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    form: SubscribeForm | None = None
    statement: ConsentStatement | None = None
    tracking_statement: ConsentStatement | None = None


class ConfirmationExpired(Exception):
    """The link is older than its seven days; a new mail can be asked for."""


def pass_gate(*, key: str, at: datetime) -> bool:
    """True for the first request of a mailbox in a day, whatever its spelling; one statement, so one winner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_optingate as g (canonical, passed_at) values (%s, %s) "
            "on conflict (canonical) do update set passed_at = excluded.passed_at where g.passed_at <= %s",
            [_gate_key(key), at, at - GATE],
        )
        return bool(cursor.rowcount)


def open_gate(*, key: str) -> None:
    """The mailbox has answered: its next request is its own, too."""
    OptInGate.objects.filter(canonical=_gate_key(key)).delete()


def _gate_key(key: str) -> bytes:
    return fingerprint(f"gate:{canonical(key)}")


def open_confirmation(contact: Contact, kind: Confirmation.Kind, *, at: datetime) -> Confirmation | None:
    """The one that waits for an answer; one whose time is over is closed on the way."""
    found = Confirmation.objects.filter(contact=contact, kind=kind, state=State.OPEN).first()
    if found and found.expires_at <= at:
        Confirmation.objects.filter(pk=found.pk, state=State.OPEN).update(state=State.EXPIRED, mail_due_at=None)
        return None
    return found


@transaction.atomic
def ask(request: Request, *, witness: Witness) -> Confirmation:
    """Open a confirmation and say that its mail is due. One that is open already is kept, its lists grow.

    For an open one nothing more is sent unless the last mail is an hour old and fewer than three went out.
    """
    known = open_confirmation(request.contact, request.kind, at=witness.at)
    if known is None:
        try:
            with transaction.atomic():
                made = _open(request, witness)
        except IntegrityError:  # two at once: the other one asks
            return Confirmation.objects.get(contact=request.contact, kind=request.kind, state=State.OPEN)
        _announce(made)
        return made
    known.lists = sorted({*known.lists, *request.lists})
    known.save(update_fields=["lists"])
    if request.kind == Kind.ADDRESS and known.address != request.address:
        Confirmation.objects.filter(pk=known.pk).update(state=State.EXPIRED, mail_due_at=None)
        return ask(request, witness=witness)
    if request.kind != Kind.SUBSCRIBE:
        ask_again(known, at=witness.at)
    return known


def _open(request: Request, witness: Witness) -> Confirmation:
    return Confirmation.objects.create(
        kind=request.kind,
        contact=request.contact,
        form=request.form,
        lists=sorted(request.lists),
        statement=request.statement,
        tracking_statement=request.tracking_statement,
        given=request.given,
        address=request.address,
        language=request.language,
        asked_at=witness.at,
        asked_ip=witness.ip,
        asked_agent=witness.user_agent[:300],
        expires_at=witness.at + LIFE,
        mail_due_at=witness.at,
    )


@transaction.atomic
def ask_again(confirmation: Confirmation, *, at: datetime) -> bool:
    """Another mail for one that is open or expired, seven days from now; False beyond the limits.

    Only whoever holds its link, or a page of the person's own, can ask: it opens no door for bombing.
    """
    waited = Q(mailed_at=None) | Q(mailed_at__lte=at - BETWEEN_MAILS)
    found = Confirmation.objects.filter(waited, pk=confirmation.pk, mail_count__lt=MAILS, mail_due_at=None)
    try:
        with transaction.atomic():
            moved = found.exclude(state=State.CONFIRMED).update(state=State.OPEN, expires_at=at + LIFE, mail_due_at=at)
    except IntegrityError:  # a newer one is open
        return False
    if moved:
        _announce(confirmation)
    return bool(moved)


def _announce(confirmation: Confirmation) -> None:
    def announce() -> None:
        for receiver, answer in confirmation_due.send_robust(Confirmation, confirmation=confirmation.pk):
            if isinstance(answer, Exception):  # the sweep will find it again
                log.error("confirmation_mail_failed", receiver=str(receiver), error=repr(answer))

    transaction.on_commit(announce)


def due_mails(*, at: datetime, limit: int) -> list[int]:
    """Confirmations whose mail has to be written, the oldest first."""
    due = Confirmation.objects.filter(mail_due_at__lte=at, state=State.OPEN).order_by("mail_due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def take_due(confirmation: int) -> Confirmation | None:
    """Lock one whose mail is due, in the caller's transaction; None when somebody else was faster."""
    found = Confirmation.objects.select_for_update(of=("self",)).select_related("contact", "form")
    return found.filter(pk=confirmation, state=State.OPEN, mail_due_at__isnull=False).first()


def note_mailed(confirmation: Confirmation, *, at: datetime) -> None:
    """Its mail is in the ledger."""
    Confirmation.objects.filter(pk=confirmation.pk).update(
        mail_due_at=None, mailed_at=at, mail_count=F("mail_count") + 1
    )


@transaction.atomic
def take_answer(confirmation: int, *, witness: Witness) -> tuple[Confirmation, bool]:
    """The mailbox says yes: (the confirmation, True for the first time). Call it in the transaction of what it means.

    Raises ConfirmationExpired, Confirmation.DoesNotExist.
    """
    found = Confirmation.objects.select_for_update(of=("self",)).select_related("contact", "form")
    row = found.get(pk=confirmation)
    if row.state == State.CONFIRMED:
        return row, False
    if row.state == State.EXPIRED or row.expires_at <= witness.at:
        raise ConfirmationExpired
    row.state, row.confirmed_at, row.confirmed_ip = State.CONFIRMED, witness.at, witness.ip
    row.confirmed_agent, row.mail_due_at = witness.user_agent[:300], None
    row.save(update_fields=["state", "confirmed_at", "confirmed_ip", "confirmed_agent", "mail_due_at"])
    key = address_key(row.address)
    let_back(key)
    push_own_acts(acted={row.contact_id: witness.at})
    open_gate(key=key)
    return row, True


FORGET_AFTER = timedelta(days=30)


def tidy(*, at: datetime | None = None) -> int:
    """Close what nobody answered, and forget whom nothing else is known about; returns how many people."""
    at = at or timezone.now()
    Confirmation.objects.filter(state=State.OPEN, expires_at__lte=at).update(state=State.EXPIRED, mail_due_at=None)
    OptInGate.objects.filter(passed_at__lte=at - GATE).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.id, c.address_key from contacts_contact c where exists (select from contacts_confirmation q "
            "  where q.contact_id = c.id and q.kind = 1 and q.state = 2 and q.asked_at <= %(before)s) "
            "and c.created_at <= %(before)s "
            "and not exists (select from contacts_confirmation q where q.contact_id = c.id and q.state <> 2) "
            "and not exists (select from contacts_subscription s where s.contact_id = c.id and s.state <> 3) "
            "and not exists (select from contacts_consent k where k.contact_id = c.id) limit 1000",
            {"before": at - FORGET_AFTER},
        )
        forgotten = dict(cursor.fetchall())
    Contact.objects.filter(pk__in=forgotten).delete()
    forget_words(forgotten.values())
    return len(forgotten)
