"""Single messages: each a row of the ledger like any other, in a standing mailing of its kind and month."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from contacts.addresses import address_key, domain_of
from contacts.audience import Audience
from contacts.mail_domains import group_for
from contacts.models import Contact, Suppression
from contacts.services import note_tracking_asked
from contacts.tombstones import tombstones_of
from contacts.tracking import tracking_for
from delivery.counters import draw
from delivery.failover.choosing import leaves_through
from delivery.models import Batch, Content, Mailing, Message, Outcome, Provider, StandingMailing, Stream
from delivery.reasons import Reason
from delivery.services.planning import ContentOrder, MailingOrder, draw_occasion, freeze_order
from delivery.skeleton import skeleton_for
from delivery.streams import provider_for
from templates_app.variables import contact_variables

# Before the batches of any campaign: somebody waits for it.
FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Letter:
    """What one kind of single message says, in whose name and through whom."""

    kind: str  # "confirm", "welcome", …
    name: str  # of the mailing, for people
    content: ContentOrder
    stream: Stream
    provider: Provider | None = None  # this one and no other; None: the stream's
    lists: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """The same for letters that may share a mailing."""
        frozen = (self.stream.scope, self.stream.tracking_policy, self.stream.repeats_doubts)
        said = "\0".join([*map(str, (self.content, self.lists, frozen, bool(self.provider)))])
        digest = hashlib.sha256(said.encode()).hexdigest()[:20]
        leaving = self.provider or provider_for(self.stream)
        return f"{self.kind}:{self.content.language}:{self.stream.pk}:{leaving.pk if leaving else 0}:{digest}"

    @property
    def is_transactional(self) -> bool:
        return self.stream.is_transactional


def write_letter(
    letter: Letter, *, contact: Contact, address: str, variables: dict[str, Any], at: datetime, occasion: int
) -> int:
    """One message to one person, due at once; returns its id. Raises ContentRefused.

    `variables`: {"list": …, "action": …}; what the letter names of the contact is added. Who must not be written to is
    skipped with the reason, as at a snapshot. `occasion` from `next_occasion`, drawn outside the transaction.
    """
    mailing = mailing_for(letter, at)
    content = Content.objects.get(mailing=mailing)
    named = _named(content, contact)
    number = draw("message")
    reason = _reason(letter, mailing, contact, address_key(address))
    Message.objects.create(
        id=number,
        mailing=mailing,
        content=content,
        occasion=occasion,
        contact_id=contact.pk,
        address=address,
        address_key=address_key(address),
        tracking=_tracking(letter, mailing, contact),
        vars=variables | {"contact": named},
    )
    if named.get("may_ask_tracking") and not reason:
        note_tracking_asked(contacts=[contact.pk], at=at)
    _queue(mailing, number, reason, mx_group=group_for(domain_of(address_key(address))), at=at)
    return number


def next_occasion() -> int:
    """A number of its own for one request, so that asking again is another message."""
    return draw_occasion()


def _queue(mailing: Mailing, number: int, reason: int, *, mx_group: int, at: datetime) -> None:
    """A batch of one, and the mailing's counts with it."""
    if reason:
        Outcome.objects.create(message_id=number, mailing=mailing, state=Outcome.State.SKIPPED, reason=reason, at=at)
    Batch.objects.create(
        mailing=mailing,
        provider_id=leaves_through(mailing),
        is_urgent=mailing.stream is not None and mailing.stream.is_urgent,
        mx_group=mx_group,
        first_id=number,
        last_id=number,
        state=Batch.State.DONE if reason else Batch.State.PENDING,
        due_at=FIRST,
        done_to=number - 1,
        open_to=number - 1,
        skipped_count=1 if reason else 0,
    )
    Mailing.objects.filter(pk=mailing.pk).update(
        planned_count=F("planned_count") + 1,
        first_message_id=Coalesce("first_message_id", number),
        last_message_id=Greatest(Coalesce("last_message_id", number), number),
    )


def _reason(letter: Letter, mailing: Mailing, contact: Contact, key: str) -> int:
    if contact.is_sample and not mailing.provider.is_catcher:
        return int(Reason.NOT_ALLOWED_HERE)
    scopes = (
        [Suppression.Scope.ALL] if letter.is_transactional else [Suppression.Scope.ALL, Suppression.Scope.MARKETING]
    )
    known = Suppression.objects.filter(address_key=key, scope__in=scopes).order_by("scope").first()
    if known:
        return known.reason
    return tombstones_of([key], is_marketing=not letter.is_transactional).get(key, 0)


def _tracking(letter: Letter, mailing: Mailing, contact: Contact) -> int:
    if letter.is_transactional:
        return 0
    return int(tracking_for(mailing.policy, open_consent=contact.open_consent, click_consent=contact.click_consent))


def _named(content: Content, contact: Contact) -> dict[str, Any]:
    """What the letter names of the person, and nothing else."""
    names = {name.removeprefix("contact.") for name in skeleton_for(content.pk).names if name.startswith("contact.")}
    return {name: value for name, value in contact_variables(contact).items() if name in names}


def mailing_for(letter: Letter, at: datetime) -> Mailing:
    """This month's, made at the first letter."""
    month = at.date().replace(day=1)
    found = Mailing.objects.filter(standing__key=letter.key, standing__month=month, state=Mailing.State.SENDING)
    found = found.select_related("provider", "stream")
    if mailing := found.first():
        return mailing
    try:
        with transaction.atomic():
            return _new(letter, month, at)
    except IntegrityError:  # somebody was faster, or a person has stopped this one: then it stays stopped
        return Mailing.objects.get(standing__key=letter.key, standing__month=month)


def _new(letter: Letter, month: date, at: datetime) -> Mailing:
    with connection.cursor() as cursor:  # a loser waits here, and never leaves half a mailing
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [letter.key])
    if known := Mailing.objects.filter(standing__key=letter.key, standing__month=month).first():
        return known
    order = MailingOrder(
        name=letter.name,
        audience=Audience(lists=letter.lists),
        provider=letter.provider,
        contents=(letter.content,),
        starts_at=at,
        stream=letter.stream,
        open_until=_next_month(month),
    )
    mailing = freeze_order(order)
    Mailing.objects.filter(pk=mailing.pk).update(state=Mailing.State.SENDING, started_at=at, snapshot_done_at=at)
    StandingMailing.objects.create(key=letter.key, month=month, mailing=mailing)
    return mailing


def _next_month(month: date) -> datetime:
    year, number = (month.year + 1, 1) if month.month == 12 else (month.year, month.month + 1)
    return datetime(year, number, 1, tzinfo=UTC)
