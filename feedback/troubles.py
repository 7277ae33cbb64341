"""What goes wrong on the way in, for people to put right: refusals for policy, webhooks refused, events set aside."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Q

from delivery.models import Mailing, Provider
from feedback.applying import NO_SUCH_MESSAGE
from feedback.models import BounceClass, Event


@dataclass(frozen=True, slots=True)
class PolicyRefusal:
    """Messages of one mailing turned away for policy or reputation, and a server's own words for it."""

    mailing: int
    name: str
    people: int
    words: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """One event that counts nowhere, kept as it came. `text` is a stranger's."""

    stored_at: datetime
    error: str
    text: str


def policy_refusals(*, since: datetime, limit: int) -> list[PolicyRefusal]:
    """The mailings with most of them since then, in three statements. Sample data and test sends are left out."""
    rows = (
        Event.objects.filter(bounce_class=BounceClass.POLICY, stored_at__gte=since, message_id__isnull=False)
        .values("mailing_id")
        .annotate(people=Count("message_id", distinct=True), last=Max("id"))
        .order_by("-people")
    )
    found = {row["mailing_id"] or 0: (row["people"], row["last"]) for row in rows}
    names = dict(Mailing.objects.filter(pk__in=found, is_test=False, is_sample=False).values_list("pk", "name"))
    shown = [mailing for mailing in found if mailing in names][:limit]
    latest = [found[mailing][1] for mailing in shown]
    words = dict(Event.objects.filter(pk__in=latest).values_list("pk", "details__reply"))
    return [
        PolicyRefusal(mailing, names[mailing], people=found[mailing][0], words=words.get(found[mailing][1]) or "")
        for mailing in shown
    ]


def refused_webhooks() -> list[Provider]:
    """Providers whose last webhook came in by its right address and was refused, with their `webhook_state`."""
    is_last = Q(webhook_state__heard_at=None) | Q(webhook_state__refused_at__gt=F("webhook_state__heard_at"))
    found = Provider.objects.filter(is_last, webhook_state__refused_at__isnull=False)
    return list(found.select_related("webhook_state").order_by("name"))


def set_aside(provider: Provider, *, limit: int) -> list[SetAside]:
    """The latest events of a provider that could not be read or applied."""
    rows = (
        Event.objects.filter(source=provider.pk, error__isnull=False)
        .exclude(error=NO_SUCH_MESSAGE)
        .order_by("-stored_at")
        .values_list("stored_at", "error", "details")[:limit]
    )
    return [SetAside(stored_at, error or "", str(details.get("raw", ""))[:2_000]) for stored_at, error, details in rows]
