"""A subscribe form was posted; and, later, its mailbox answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import translation

from contacts.addresses import address_key, fingerprint
from contacts.models import (
    Confirmation,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactList,
    Purpose,
    SubscribeForm,
    Subscription,
    Suppression,
    WelcomeDue,
)
from contacts.services.confirmations import Request, Witness, ask, ask_again, open_confirmation, pass_gate, take_answer
from contacts.services.consent import record_consent, statement_for
from contacts.services.people import add_unconfirmed, change_contact
from contacts.services.subscriptions import await_confirmation, subscribe
from contacts.signals import lists_joined

_Origin = ConsentStatement.Origin


@dataclass(frozen=True, slots=True)
class Posted:
    """What somebody typed into a form, cleaned; `tracking` only where the box was ticked."""

    address: str
    language: str
    first_name: str = ""
    last_name: str = ""
    fields: dict[str, object] | None = None
    tracking: bool = False
    lists: tuple[int, ...] = ()  # of the form's; all where it offers no choice

    def given(self) -> dict[str, object]:
        """As Confirmation.given."""
        names = {"first_name": self.first_name, "last_name": self.last_name}
        return {key: value for key, value in names.items() if value} | {
            "fields": self.fields or {},
            "tracking": self.tracking,
        }


def statements_of(form: SubscribeForm, language: str) -> tuple[ConsentStatement, ConsentStatement]:
    """The wordings shown in `language`, for being written to and for being measured, as versions of this form."""
    words = form.words_in(language)
    with translation.override(language):
        mailing = statement_for(
            origin=_Origin.FORM, source=f"{form.name}", wording=words.get("consent", ""), language=language
        )
        tracking = statement_for(
            origin=_Origin.FORM, source=f"{form.name}: tracking", wording=words.get("tracking", ""), language=language
        )
    return mailing, tracking


@transaction.atomic
def save_form(*, form: SubscribeForm, lists: Sequence[ContactList]) -> SubscribeForm:
    """Store a form with its lists. Its wordings become statements now, so that a version is there from the start."""
    form.save()
    form.lists.set(lists)
    for language in form.languages:
        statements_of(form, language)
    return form


@transaction.atomic
def post_form(*, form: SubscribeForm, posted: Posted, witness: Witness) -> None:
    """Do what the form is for. Says nothing about what was done: the page's answer is the same for everybody.

    Raises BrokenAddress. One mail a day and mailbox: a second post joins its lists to the request that waits, and sends
    its mail anew on another day.
    """
    key = address_key(posted.address)
    known = Contact.objects.filter(address_key=key).first()
    lists = _lists(form, posted)
    if known and (waiting := open_confirmation(known, Confirmation.Kind.SUBSCRIBE, at=witness.at)):
        if not {row.pk for row in lists} <= set(waiting.lists):
            ask(_request(form, posted, known, lists), witness=witness)
        send_again(key=key, witness=witness)
        return
    if not lists or not pass_gate(key=key, at=witness.at):
        return
    contact = known or add_unconfirmed(address=posted.address, language=posted.language)
    at_once = [row for row in lists if not row.is_double_opt_in and _may_join_unasked(contact, row)]
    confirmed = [row for row in lists if row not in at_once]
    if at_once:
        _join(contact, at_once, statements_of(form, posted.language)[0], witness=witness)
        if known is None:
            _fill_in(contact, posted.given(), posted.language)
    if confirmed:
        ask(_request(form, posted, contact, confirmed), witness=witness)
        await_confirmation(contact=contact, lists=confirmed)


@transaction.atomic
def send_again(*, key: str, witness: Witness) -> None:
    """Somebody who waits for their confirmation mail asks for it again. Says nothing: anybody can ask for anybody.

    The limits hold: one mail a day and mailbox, an hour between two, three in all.
    """
    questions = Confirmation.objects.filter(contact__address_key=key, kind=Confirmation.Kind.SUBSCRIBE)
    waiting = questions.exclude(state=Confirmation.State.CONFIRMED).order_by("-pk").first()
    if waiting and pass_gate(key=key, at=witness.at):
        ask_again(waiting, at=witness.at)


def _lists(form: SubscribeForm, posted: Posted) -> list[ContactList]:
    mine = form.lists.all()
    return list(mine.filter(pk__in=posted.lists) if posted.lists else mine)


def _may_join_unasked(contact: Contact, contact_list: ContactList) -> bool:
    """Whether a single opt-in list takes an unproved post: not from anybody who ever left, was banned or erased."""
    left = Subscription.objects.filter(contact=contact, contact_list=contact_list)
    key = contact.address_key
    banned = Suppression.objects.filter(Q(address_key=key) | Q(fingerprint=fingerprint(key)))
    return not left.exists() and not banned.exists()


def _request(form: SubscribeForm, posted: Posted, contact: Contact, lists: list[ContactList]) -> Request:
    mailing, tracking = statements_of(form, posted.language)
    return Request(
        kind=Confirmation.Kind.SUBSCRIBE,
        contact=contact,
        address=posted.address.strip(),
        language=posted.language,
        lists=tuple(row.pk for row in lists),
        given=posted.given(),
        form=form,
        statement=mailing,
        tracking_statement=tracking if posted.tracking else None,
    )


@transaction.atomic
def confirm_joining(confirmation: int, *, witness: Witness) -> Confirmation:
    """The button of the confirmation page: on the lists, with the proof. Twice is as once.

    Raises ConfirmationExpired, Confirmation.DoesNotExist.
    """
    row, is_first = take_answer(confirmation, witness=witness)
    if not is_first or row.statement is None:
        return row
    lists = list(ContactList.objects.filter(pk__in=row.lists))
    _fill_in(row.contact, row.given, row.language)
    _join(row.contact, lists, row.statement, witness=witness, confirmation=row)
    if row.given.get("tracking") and row.tracking_statement:
        for purpose in (Purpose.OPENS, Purpose.CLICKS):
            record_consent(
                contact=row.contact,
                purpose=purpose,
                state=ConsentState.GRANTED,
                statement=row.tracking_statement,
                at=witness.at,
                ip=witness.ip,
                user_agent=witness.user_agent,
                confirmation=row,
            )
    return row


def _join(
    contact: Contact,
    lists: list[ContactList],
    statement: ConsentStatement,
    *,
    witness: Witness,
    confirmation: Confirmation | None = None,
) -> None:
    for contact_list in lists:
        subscribe(
            contact=contact,
            contact_list=contact_list,
            statement=statement,
            ip=witness.ip,
            user_agent=witness.user_agent,
            confirmation=confirmation,
        )
    WelcomeDue.objects.bulk_create(
        (WelcomeDue(contact=contact, contact_list=row, joined_at=witness.at, due_at=witness.at) for row in lists),
        ignore_conflicts=True,
    )
    numbers = [row.pk for row in lists]
    transaction.on_commit(lambda: lists_joined.send_robust(Contact, contact=contact.pk, lists=numbers))


def _fill_in(contact: Contact, given: dict[str, object], language: str) -> None:
    """What the owner of the mailbox typed counts; what they left empty stays as it is."""
    fields = given.get("fields")
    if isinstance(fields, dict):
        contact.fields = {**contact.fields, **fields}
    change_contact(
        contact=contact,
        address=contact.address,
        first_name=str(given.get("first_name") or contact.first_name),
        last_name=str(given.get("last_name") or contact.last_name),
        language=contact.language or language,
    )
