"""The door of providers' webhooks: whose it is, whether it may come in, what it says, and the store.

feedback/border.py speaks to django-anymail; here there are only our words. Nothing is fetched from an address a body
names, and nothing of a body is read before its sender is known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from anymail.signals import AnymailTrackingEvent
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from common import tokens
from delivery.capabilities import AMAZON_SES
from delivery.models import Provider
from feedback import sns
from feedback.border import DOORS, Unreadable, parse, verify
from feedback.bounces import classify
from feedback.deliveries import MANY, is_delivery, record_deliveries
from feedback.events import NewEvent, event_key, record_events
from feedback.folding import NOT_DELIVERED
from feedback.hits import Hit, store_hits
from feedback.models import Event, Way, WebhookState
from feedback.refusals import Refused

SECRET = "webhook_secret"  # noqa: S105 - the name under which a provider row keeps it
_OPAQUE_ID = re.compile(r"(\d{1,9})\.(\d{1,18})")  # <mailing>.<message>
_OPAQUE_FIELDS = frozenset({"x-envol-id", "x_envol_id"})
_MESSAGE_ID_FIELDS = frozenset({"message-id", "message_id", "messageid", "smtp-id"})
_KINDS = {
    "delivered": Event.Kind.DELIVERED,
    "deferred": Event.Kind.DEFERRED,
    "bounced": Event.Kind.BOUNCED,
    "rejected": Event.Kind.REJECTED,
    "complained": Event.Kind.COMPLAINED,
    "opened": Event.Kind.OPENED,
    "clicked": Event.Kind.CLICKED,
    "unsubscribed": Event.Kind.UNSUBSCRIBED,
    "failed": Event.Kind.FAILED,
}
_HITS = {Event.Kind.OPENED, Event.Kind.CLICKED}

__all__ = ["SECRET", "receive", "take"]


def receive(request: HttpRequest, *, provider_id: int, secret: str) -> int:
    """Authenticate and store what a provider posted; returns how many events were new. Raises Refused.

    An event that cannot be read is kept as it came, with the error, and does not keep the others out.
    """
    provider = _provider(provider_id, secret)
    try:
        verify(request, kind=provider.kind, credentials=provider.credentials)
    except Refused as refusal:
        _note(provider, refused_at=timezone.now(), refusal=str(refusal))
        raise
    if provider.kind == AMAZON_SES and (question := sns.asked(request)):
        _note(provider, asked_topic=question.topic, asked_url=question.url[:2000], asked_at=timezone.now())
        return 0
    stored = take(parse(request, kind=provider.kind, credentials=provider.credentials), provider=provider)
    _note(provider, heard_at=timezone.now())
    return stored


def take(told_events: Iterable[AnymailTrackingEvent | Unreadable], *, provider: Provider) -> int:
    """Store what a provider told, by itself or asked; returns how many events were new."""
    hits: list[Hit] = []
    events: list[NewEvent] = []
    for told in told_events:
        if isinstance(told, Unreadable):
            events.append(_kept(told, provider.pk))
        elif (event := _normalised(told, provider.pk)).kind in _HITS:
            hits.append(_hit(event, told))
        else:
            events.append(event)
    deliveries = [event for event in events if is_delivery(event)]
    if len(deliveries) >= MANY:
        events = [event for event in events if not is_delivery(event)]
    else:
        deliveries = []
    with transaction.atomic():
        store_hits(hits)
        new = record_events(events)
        return len(hits) + new + (record_deliveries(deliveries) if deliveries else 0)


def _note(provider: Provider, **what: Any) -> None:
    """Keep the state for the provider's page; after the events, so that two posts never wait for each other long."""
    WebhookState.objects.bulk_create(
        [WebhookState(provider=provider, **what)],
        update_conflicts=True,
        unique_fields=["provider"],
        update_fields=list(what),
    )


def _provider(provider_id: int, secret: str) -> Provider:
    """The provider whose secret this is. An unknown provider and a wrong secret get the same answer."""
    provider = Provider.objects.filter(pk=provider_id).first()
    expected = str(provider.credentials.get(SECRET) or "") if provider else ""
    is_right = constant_time_compare(secret, expected)
    if provider is None or not expected or not is_right:
        raise Refused(403, _("Unknown address or wrong secret."))
    if provider.kind not in DOORS:
        raise Refused(501, _("This kind of provider sends no webhooks."))
    return provider


def _normalised(told: AnymailTrackingEvent, source: int) -> NewEvent:
    kind = _KINDS.get(told.event_type, Event.Kind.OTHER)
    at = _aware(told.timestamp)
    mailing, message = _identity(told)
    raw = _raw(told)
    reply = " ".join(str(words) for words in (told.mta_response, told.description) if words)
    return NewEvent(
        source=source,
        key=_key(told, kind),
        kind=kind,
        at=at,
        mailing=mailing,
        message=message,
        bounce_class=classify(text=reply, label=str(told.reject_reason or ""), raw=raw)
        if kind in NOT_DELIVERED
        else None,
        way=Way.PROVIDER if kind == Event.Kind.UNSUBSCRIBED else None,
        details={"raw": raw, "reply": reply, "said": told.event_type}
        | ({"id": str(told.message_id)[:400]} if told.message_id else {}),
    )


def _key(told: AnymailTrackingEvent, kind: Event.Kind) -> str:
    """The provider's id of the event; else a hash of what makes it this event and no other."""
    if told.event_id:
        return f"{kind.value}:{told.event_id}"
    return event_key(kind.value, told.message_id, told.timestamp, told.recipient, told.click_url, _identity(told))


def _hit(event: NewEvent, told: AnymailTrackingEvent) -> Hit:
    """What a provider's own tracking reports obeys the same consent as our pixel and links."""
    return Hit(
        kind=event.kind,
        mailing=event.mailing or 0,
        message=event.message or -1,  # -1 is nobody's: an open of a message that is not ours leaves no trace
        at=event.at,
        agent=str(told.user_agent or ""),
        source=event.source,
        key=event.key,
        raw=dict(event.details),
    )


def _kept(told: Unreadable, source: int) -> NewEvent:
    return NewEvent(
        source=source,
        key=event_key("unreadable", told.text),
        kind=Event.Kind.OTHER,
        at=timezone.now(),
        details={"raw": told.text},
        error=told.error,
    )


def _aware(at: datetime | None) -> datetime:
    """The source's time; ours where it gives none, or none that can be."""
    if at is None or not 2000 <= at.year <= 9000:
        return timezone.now()
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _raw(told: AnymailTrackingEvent) -> dict[str, Any]:
    raw = told.esp_event
    if isinstance(raw, Mapping):
        return dict(raw.items())
    return {"event": raw}


def _identity(told: AnymailTrackingEvent) -> tuple[int | None, int | None]:
    """(mailing, message): our opaque id, in metadata or a repeated header; else our signed Message-ID."""
    metadata = told.metadata if isinstance(told.metadata, Mapping) else {}
    raw = _raw(told)
    for text in chain(map(str, metadata.values()), _named(raw, _OPAQUE_FIELDS)):
        if found := _OPAQUE_ID.fullmatch(text.strip()):
            return int(found[1]), int(found[2])
    for text in chain([str(told.message_id or "")], _named(raw, _MESSAGE_ID_FIELDS)):
        try:
            token = tokens.decode(text.strip(" <>").partition("@")[0], purpose=tokens.Purpose.MESSAGE)
        except tokens.BadToken:
            continue
        return token.mailing, token.message
    return None, None


def _named(value: Any, names: frozenset[str], *, depth: int = 0) -> Iterator[str]:
    """Texts of fields called one of `names`, wherever in the event they lie; {name, value} headers too."""
    if depth > 5:
        return
    if isinstance(value, Mapping):
        for name, part in value.items():
            if isinstance(part, str) and str(name).lower() in names:
                yield part
            else:
                yield from _named(part, names, depth=depth + 1)
        if str(value.get("name", value.get("Name", ""))).lower() in names:
            yield str(value.get("value", value.get("Value", "")))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part, names, depth=depth + 1)
