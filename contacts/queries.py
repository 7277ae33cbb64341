"""Reads that join models or shape a screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts.models import (
    Confirmation,
    Consent,
    Contact,
    ContactField,
    ContactList,
    LeavingReason,
    Purpose,
    SubscribeForm,
    Subscription,
    Suppression,
    Tag,
)
from contacts.values import in_words

EXACT_UP_TO = 10_000  # rows an administrator's table counts


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a campaign can reach one person, and the first reason why not."""

    is_mailable: bool
    label: str
    reason: str = ""
    tone: str = "ok"  # of the badge: ok, warn, bad, mute
    icon: str = "check"


@dataclass(slots=True)
class ContactRow:
    """One line of a contact table."""

    contact: Contact
    standing: Standing
    lists: list[Subscription] = field(default_factory=list)

    @property
    def more(self) -> int:
        """Lists beyond the two that are shown."""
        return max(0, len(self.lists) - 2)


def standing_of(
    contact: Contact, subscriptions: Sequence[Subscription], suppressions: Sequence[Suppression]
) -> Standing:
    """Why a person can or cannot be mailed by a campaign: the one explanation, the same rules as `mailable()`.

    Suppressions come first, one of everything before one of marketing, as the snapshot reads them.
    """
    everywhere = [row for row in suppressions if row.scope != Suppression.Scope.LIST]
    if everywhere:
        return _suppressed(min(everywhere, key=lambda row: row.scope))
    is_subscribed = any(row.state == Subscription.State.SUBSCRIBED for row in subscriptions)
    if is_subscribed and contact.paused_until and contact.paused_until > timezone.now():
        day = date_format(timezone.localtime(contact.paused_until), "SHORT_DATE_FORMAT")
        return Standing(
            is_mailable=False,
            label=pgettext("a contact", "On a break"),
            reason=_("wants no campaigns until %(day)s") % {"day": day},
            tone="mute",
            icon="player-pause",
        )
    if is_subscribed:
        return Standing(is_mailable=True, label=pgettext("a contact", "Reachable"))
    if any(row.state == Subscription.State.PENDING for row in subscriptions):
        return Standing(
            is_mailable=False,
            label=_("Waiting for confirmation"),
            reason=_("has not confirmed yet from their mailbox"),
            tone="warn",
            icon="hourglass",
        )
    if subscriptions:
        return Standing(
            is_mailable=False,
            label=pgettext("a contact", "Unsubscribed"),
            reason=_("has left every list"),
            tone="mute",
            icon="user-minus",
        )
    return Standing(
        is_mailable=False,
        label=pgettext("a contact", "On no list"),
        reason=_("is on no list"),
        tone="mute",
        icon="user-minus",
    )


def _suppressed(suppression: Suppression) -> Standing:
    tone, icon, label = {
        Suppression.Reason.UNSUBSCRIBED: ("mute", "user-minus", pgettext("a contact", "Unsubscribed")),
        Suppression.Reason.HARD_BOUNCE: ("bad", "mail-x", pgettext("a contact", "Dead address")),
        Suppression.Reason.SOFT_BOUNCES: ("bad", "mail-x", pgettext("a contact", "Bounces")),
        Suppression.Reason.COMPLAINED: ("bad", "flag", pgettext("a contact", "Complained")),
        Suppression.Reason.MANUAL: ("warn", "ban", pgettext("a contact", "Suppressed")),
        Suppression.Reason.ERASED: ("mute", "user-minus", pgettext("a contact", "Erased")),
    }[Suppression.Reason(suppression.reason)]
    reason = suppression.get_reason_display()
    return Standing(is_mailable=False, label=label, reason=reason, tone=tone, icon=icon)


def rows_of(contacts: Sequence[Contact]) -> list[ContactRow]:
    """The lines of a table, with state and lists, in two statements whatever their number."""
    subscriptions: dict[int, list[Subscription]] = {}
    for subscription in (
        Subscription.objects.filter(contact__in=contacts).select_related("contact_list").order_by("contact_list__name")
    ):
        subscriptions.setdefault(subscription.contact_id, []).append(subscription)
    suppressions: dict[str, list[Suppression]] = {}
    for row in Suppression.objects.filter(address_key__in=[contact.address_key for contact in contacts]):
        suppressions.setdefault(row.address_key or "", []).append(row)
    return [
        ContactRow(
            contact=contact,
            standing=standing_of(contact, subscriptions.get(contact.pk, []), suppressions.get(contact.address_key, [])),
            lists=[row for row in subscriptions.get(contact.pk, []) if row.state == Subscription.State.SUBSCRIBED],
        )
        for contact in contacts
    ]


CHEAP = 3_000  # as the planner counts: a few milliseconds
FEW = 100_000  # rows a page may count before it answers


@dataclass(frozen=True, slots=True)
class Size:
    """How many people, without waiting: known, or what the planner's statistics say."""

    number: int
    is_exact: bool


def size_of(people: "QuerySet[Contact]", *, known: int | None = None) -> Size:
    """`known` where it was counted; else counted if that costs little, else an estimate, which reads nobody."""
    if known is not None:
        return Size(known, is_exact=True)
    ids = people.order_by().values("pk")
    (found,) = json.loads(ids.explain(format="json"))
    if found["Plan"]["Total Cost"] < CHEAP:
        return Size(ids.count(), is_exact=True)
    return Size(round(found["Plan"]["Plan Rows"]), is_exact=False)


PATIENCE = timedelta(seconds=20)  # that a count may take; it holds no page up


def exact_count(people: "QuerySet[Contact]", *, patience: timedelta = PATIENCE) -> int | None:
    """Count to the last; None where that took too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "select set_config('statement_timeout', %s, true)", [str(patience // timedelta(milliseconds=1))]
            )
            return people.order_by().values("pk").count()
    except OperationalError:
        return None


def has_few(table: str) -> bool:
    """Whether a table has so few rows that a page may count them, by the statistics of the server."""
    with connection.cursor() as cursor:
        cursor.execute("select reltuples from pg_class where oid = %s::regclass", [table])
        row = cursor.fetchone()
    return row is not None and row[0] < FEW


def tags_shown(*, counted: bool) -> "QuerySet[Tag]":
    """Every tag; `counted`: with `people_count`, in one pass over the links."""
    tags = Tag.objects.order_by("name")
    return tags.annotate(people_count=Count("links")) if counted else tags


def lists_with_counts() -> "QuerySet[ContactList]":
    """Every list with `subscribed_count` and `left_count`, in one index-only pass over the subscriptions."""
    state = Subscription.State
    return ContactList.objects.annotate(
        subscribed_count=Count("subscriptions", filter=Q(subscriptions__state=state.SUBSCRIBED)),
        left_count=Count("subscriptions", filter=Q(subscriptions__state=state.UNSUBSCRIBED)),
        pending_count=Count("subscriptions", filter=Q(subscriptions__state=state.PENDING)),
    ).order_by("name")


def forms_with_counts() -> "QuerySet[SubscribeForm]":
    """Every subscribe form with `asked_count` and `confirmed_count` of its confirmations, and its lists."""
    state = Confirmation.State
    return (
        SubscribeForm.objects.annotate(
            asked_count=Count("confirmations"),
            confirmed_count=Count("confirmations", filter=Q(confirmations__state=state.CONFIRMED)),
        )
        .prefetch_related("lists")
        .order_by("name")
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """One answer to "why?", how many gave it, and the latest words beside it."""

    word: str
    count: int
    words: list[str]


def reasons_for_leaving(mailing_id: int) -> list[Leaving]:
    """Why people left after a mailing, of those who cared to say, the most frequent first; one statement."""
    latest = ArrayAgg("words", filter=~Q(words=""), order_by="-at", default=[])
    rows = (
        LeavingReason.objects.filter(mailing_id=mailing_id)
        .values_list("answer")
        .annotate(count=Count("pk"), latest=latest)
    )
    found = [
        Leaving(str(LeavingReason.Answer(answer).label), count, words[:5]) for answer, count, words in rows.order_by()
    ]
    return sorted(found, key=lambda row: -row.count)


def consents_of(contact: Contact) -> list[Consent]:
    """The latest decision of each purpose and list, with its proof; one statement."""
    return list(
        Consent.objects.filter(contact=contact)
        .select_related("statement", "contact_list")
        .order_by("purpose", F("contact_list").asc(nulls_first=True), "-at", "-pk")
        .distinct("purpose", "contact_list")
    )


def tracking_consent_of(consents: Sequence[Consent], purpose: Purpose) -> Consent | None:
    """The latest of one purpose, among `consents_of`."""
    return max((row for row in consents if row.purpose == purpose), key=lambda row: (row.at, row.pk), default=None)


def count_values(field: ContactField) -> int:
    """How many people have a value for a field. Reads every contact: some tenths of a second at a million."""
    return Contact.objects.filter(fields__has_key=str(field.pk)).count()


def named_fields(contact: Contact) -> list[tuple[str, str]]:
    """(label, value in words) of every custom field the contact has a value for; what is archived is left out."""
    rows = ContactField.objects.filter(archived_at=None)
    return [(row.label, in_words(row, contact.fields[str(row.pk)])) for row in rows if str(row.pk) in contact.fields]
