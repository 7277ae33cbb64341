"""Streams changed by people: what holds for them, and through whom they leave."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from deliverability.models import SendingDomain
from delivery.models import Provider, Stream, StreamLimit, StreamProvider


class StreamRefused(Exception):
    """It cannot be stored like this; `field` names the input it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class StreamInput:
    """What somebody entered. `amounts`: messages by seconds of the period, None = no limit."""

    name: str
    kind: Stream.Kind
    scope: int
    domain: SendingDomain | None = None
    tracking_policy: str = ""
    repeats_doubts: bool = False
    amounts: Mapping[int, int | None] | None = None


@transaction.atomic
def save_stream(given: StreamInput, *, stream: Stream | None, user: User | None) -> Stream:
    """Add a stream (`stream` None) or change one; mailings keep what they froze. Raises StreamRefused."""
    row = stream or Stream(kind=given.kind)
    name = " ".join(given.name.split())
    if not name:
        raise StreamRefused("name", _("Give it a name."))
    if Stream.objects.filter(name=name).exclude(pk=row.pk).exists():
        raise StreamRefused("name", _("Another stream has this name."))
    if row.kind == Stream.Kind.MARKETING and given.scope != Stream.Scope.MARKETING:
        raise StreamRefused("scope", _("Marketing heeds every unsubscribe."))
    if given.repeats_doubts and row.kind != Stream.Kind.TRANSACTIONAL:
        raise StreamRefused("repeats_doubts", _("Only transactional mail may arrive twice."))
    row.name, row.scope, row.domain = name, given.scope, given.domain
    row.tracking_policy, row.repeats_doubts = given.tracking_policy, given.repeats_doubts
    row.save()
    for unit, amount in (given.amounts or {}).items():
        limits = StreamLimit.objects.filter(stream=row, unit=unit)
        if amount is None:
            limits.delete()
        else:
            limits.update_or_create(stream=row, unit=unit, defaults={"amount": amount})
    audit(verb="stream.change" if stream else "stream.add", target=f"stream:{row.pk}", user=user, name=row.name)
    return row


def remove_stream(*, stream: Stream, user: User | None) -> None:
    """Forget a stream nothing was sent by. Raises StreamRefused."""
    if stream.is_default:
        raise StreamRefused("", _("This stream is part of the installation."))
    number, name = stream.pk, stream.name
    try:
        with transaction.atomic():
            stream.delete()
            audit(verb="stream.remove", target=f"stream:{number}", user=user, name=name)
    except ProtectedError as error:
        raise StreamRefused("", _("Mail was sent by this stream, or a campaign names it: it stays.")) from error


@transaction.atomic
def add_provider(*, stream: Stream, provider: Provider, user: User | None) -> None:
    """As the last choice; nothing when it is there already."""
    last = stream.order.aggregate(last=Max("position"))["last"]
    defaults = {"position": 0 if last is None else last + 1}
    StreamProvider.objects.get_or_create(stream=stream, provider=provider, defaults=defaults)
    _note(stream, user)


@transaction.atomic
def move_provider(*, stream: Stream, provider: Provider, by: int, user: User | None) -> None:
    """One place up (-1) or down (+1); nothing at the ends."""
    rows = list(stream.order.select_for_update())
    place = next((number for number, row in enumerate(rows) if row.provider_id == provider.pk), None)
    if place is None or not 0 <= place + by < len(rows):
        return
    rows[place], rows[place + by] = rows[place + by], rows[place]
    for position, row in enumerate(rows):
        row.position = position
    StreamProvider.objects.bulk_update(rows, ["position"])
    _note(stream, user)


@transaction.atomic
def drop_provider(*, stream: Stream, provider: Provider, user: User | None) -> None:
    """Out of the order; mailings planned for it keep it."""
    stream.order.filter(provider=provider).delete()
    _note(stream, user)


def _note(stream: Stream, user: User | None) -> None:
    order = list(stream.order.values_list("provider_id", flat=True))
    audit(verb="stream.providers", target=f"stream:{stream.pk}", user=user, providers=order)
