"""Many single messages of one letter at once: to addresses, whether we know the person or not.

The same rows as `standing.write_letter` makes, in a number of statements that does not grow with the messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, Greatest

from contacts.addresses import domain_of
from contacts.mail_domains import group_for
from contacts.models import Contact, ContactField, Suppression
from contacts.tombstones import any_tombstones, tombstones_of
from contacts.tracking import tracking_for
from delivery.counters import draw
from delivery.models import Batch, Content, Mailing, Message, Outcome
from delivery.reasons import Reason
from delivery.skeleton import skeleton_for
from delivery.standing import FIRST, Letter, mailing_for
from templates_app.variables import CONTACT_COLUMNS

BATCH = 50  # messages of one batch: several connections share what came together


@dataclass(frozen=True, slots=True)
class Entry:
    """One message: to whom, and what the letter's `{{ data.… }}` says."""

    address: str
    address_key: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Ids and occasions for a number of messages, drawn before the transaction that uses them."""

    first_message: int
    first_occasion: int


@dataclass(frozen=True, slots=True)
class _Ready:
    entry: Entry
    index: int
    contact: Contact | None
    mx_group: int
    reason: int


def draw_numbers(count: int) -> Numbers:
    """Each request is an occasion of its own, so that the same person may be written to twice. In a transaction of
    its own, outside of longer ones."""
    return Numbers(draw("message", count), draw("occasion", count))


def write_letters(letter: Letter, entries: Sequence[Entry], *, numbers: Numbers, at: datetime) -> list[int]:
    """Write the entries into the letter's standing mailing, due at once; their message ids, in order.

    In the caller's transaction. Raises ContentRefused, MailingRefused. Who must not be written to is skipped with the
    reason, as at a snapshot.
    """
    mailing = mailing_for(letter, at)
    content = Content.objects.get(mailing=mailing)
    ready = sorted(_looked_up(letter, mailing, entries), key=lambda one: (one.mx_group, one.index))
    ids = range(numbers.first_message, numbers.first_message + len(ready))
    names = {name.removeprefix("contact.") for name in skeleton_for(content.pk).names if name.startswith("contact.")}
    fields = {key: str(pk) for pk, key in ContactField.objects.values_list("pk", "key")} if names else {}
    Message.objects.bulk_create(
        Message(
            id=number,
            mailing=mailing,
            content=content,
            occasion=numbers.first_occasion + one.index,
            contact_id=one.contact.pk if one.contact else None,
            address=one.entry.address,
            address_key=one.entry.address_key,
            tracking=_tracking(letter, mailing, one.contact),
            vars={"data": one.entry.data, "contact": _named(names, fields, one.contact)},
        )
        for number, one in zip(ids, ready, strict=True)
    )
    skipped = [(number, one.reason) for number, one in zip(ids, ready, strict=True) if one.reason]
    Outcome.objects.bulk_create(
        Outcome(message_id=number, mailing=mailing, state=Outcome.State.SKIPPED, reason=reason, at=at)
        for number, reason in skipped
    )
    Batch.objects.bulk_create(_batches(mailing, list(zip(ids, ready, strict=True))))
    _count(mailing, ids)
    by_index = {one.index: number for number, one in zip(ids, ready, strict=True)}
    return [by_index[index] for index in range(len(entries))]


def _looked_up(letter: Letter, mailing: Mailing, entries: Sequence[Entry]) -> Iterator[_Ready]:
    keys = {entry.address_key for entry in entries}
    known = {contact.address_key: contact for contact in Contact.objects.filter(address_key__in=keys)}
    reasons = _reasons(letter, keys)
    groups = {domain: group_for(domain) for domain in {domain_of(key) for key in keys}}
    for index, entry in enumerate(entries):
        contact = known.get(entry.address_key)
        reason = reasons.get(entry.address_key, 0)
        if contact is not None and contact.is_sample and not mailing.provider.is_catcher:
            reason = int(Reason.NOT_ALLOWED_HERE)
        yield _Ready(entry, index, contact, groups[domain_of(entry.address_key)], reason)


def _reasons(letter: Letter, keys: set[str]) -> dict[str, int]:
    """Why an address must not be written to, where it must not; the widest suppression speaks."""
    scopes = [Suppression.Scope.ALL] + ([] if letter.is_transactional else [Suppression.Scope.MARKETING])
    rows = Suppression.objects.filter(address_key__in=keys, scope__in=scopes).order_by("-scope")
    found = {key: reason for key, reason in rows.values_list("address_key", "reason") if key}
    erased = tombstones_of(keys, is_marketing=not letter.is_transactional) if any_tombstones() else {}
    return erased | found


def _tracking(letter: Letter, mailing: Mailing, contact: Contact | None) -> int:
    if letter.is_transactional or contact is None:
        return 0
    return int(tracking_for(mailing.policy, open_consent=contact.open_consent, click_consent=contact.click_consent))


def _named(names: set[str], fields: dict[str, str], contact: Contact | None) -> dict[str, Any]:
    """What the letter names of the person, and nothing else. Whether we may ask about tracking is no question here."""
    if not names or contact is None:
        return {}
    own = {name: getattr(contact, CONTACT_COLUMNS[name]) for name in names & CONTACT_COLUMNS.keys()}
    return own | {name: contact.fields.get(fields[name]) for name in names & fields.keys()}


def _batches(mailing: Mailing, numbered: list[tuple[int, _Ready]]) -> Iterator[Batch]:
    is_urgent = mailing.stream is not None and mailing.stream.is_urgent
    for mx_group, together in groupby(numbered, key=lambda pair: pair[1].mx_group):
        rows = list(together)
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            skipped = sum(1 for _number, one in part if one.reason)
            first = part[0][0]
            yield Batch(
                mailing=mailing,
                provider_id=mailing.provider_id,
                is_urgent=is_urgent,
                mx_group=mx_group,
                first_id=first,
                last_id=part[-1][0],
                state=Batch.State.DONE if skipped == len(part) else Batch.State.PENDING,
                due_at=FIRST,
                done_to=first - 1,
                open_to=first - 1,
                skipped_count=skipped,
            )


def _count(mailing: Mailing, ids: range) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(
        planned_count=F("planned_count") + len(ids),
        first_message_id=Coalesce("first_message_id", ids[0]),
        last_message_id=Greatest(Coalesce("last_message_id", ids[-1]), ids[-1]),
    )
