"""What other floors and pages ask of sending."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from common.tokens import Purpose, encode
from contacts.models import Contact
from delivery.alignment.pages import covered_counts
from delivery.capabilities import Kind, kind_of
from delivery.guard import RESTORED
from delivery.models import Attempt, Batch, Mailing, Message, MessageState, Outage, Outcome, Process, Provider, Stream
from delivery.own_words import said
from delivery.reasons import Reason
from delivery.refusals import UNEXPLAINED, Cause, explain, explain_outage
from delivery.registry import StoryEntry, stories
from delivery.skeleton import CannotFill, ContentRefused, look_back, skeleton_for, view_html
from delivery.verdicts import Evidence
from templates_app.liquid import CannotRender
from templates_app.problems import SourceErrors

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HELD, QUIET = "held", "quiet"  # pause_reasons that are ours, said for people by pause_words
_SEEN = "delivery:worker-seen"
_IS_HELD = "delivery:is-held"


def note_worker() -> None:
    """A worker is alive: it took a sweep. Kept in Redis, where losing it costs a banner for two seconds."""
    cache.set(_SEEN, timezone.now().timestamp(), timeout=None)


def note_held(is_held: bool) -> None:
    """What the sweep saw of the restore guard, for pages: the banner costs no query of its own."""
    with suppress(RedisError, OSError):  # sending from the command line goes on without Redis
        cache.set(_IS_HELD, is_held, timeout=None)


def is_known_held() -> bool:
    """Whether the last sweep found the database gone back. Raises RedisError."""
    return bool(cache.get(_IS_HELD))


def worker_seen_at() -> datetime | None:
    """When a worker last took a sweep (rung every 2 seconds); None when never, or Redis was emptied."""
    stamp = cache.get(_SEEN)
    return None if stamp is None else datetime.fromtimestamp(stamp, tz=timezone.get_default_timezone())


def is_worker_running() -> bool:
    """Whether a worker was seen within the last ten seconds."""
    seen = worker_seen_at()
    return seen is not None and (timezone.now() - seen).total_seconds() < 10


def pause_words(mailing: Mailing) -> str:
    """Why nothing moves, for people: the server's own words where it refused us, ours where batches are held."""
    if mailing.pause_reason == HELD:
        return _(
            "Four workers in a row stopped on the same messages without sending any. Look at the workers' logs, then "
            "resume to try once more."
        )
    if mailing.pause_reason == QUIET:
        return _("Quiet hours: nothing leaves until they are over.")
    if mailing.pause_reason == RESTORED:
        return _("The database was restored from a backup: what it calls waiting may have been sent since. You decide.")
    return said(mailing.pause_reason)


def pause_cause(mailing: Mailing) -> Cause | None:
    """What the words a mailing waits or was paused with mean, and what to do; None where they are ours or unknown."""
    if mailing.pause_reason in ("", HELD, QUIET, RESTORED):
        return None
    cause = explain(mailing.pause_reason, mx_group=0)
    return None if cause is UNEXPLAINED else cause


@dataclass(frozen=True, slots=True)
class ProviderCard:
    """One account as its card shows it; counts are of the last 30 days."""

    provider: Provider
    kind: Kind
    place: str
    accepted_count: int
    refused_count: int
    busy_count: int
    streams: list[Stream]  # that name it
    outage: Outage | None
    domains: tuple[int, int, int]  # sending domains: covered, not covered, all

    @property
    def next_step(self) -> str:
        """What to do about an account that is out of order."""
        return str(explain_outage(self.outage.cause).next) if self.outage else ""

    @property
    def accepted_ratio(self) -> float | None:
        total = self.accepted_count + self.refused_count
        return self.accepted_count / total if total else None


# As the view delivery_connection, by which claims are counted.
_IS_ALIVE = Q(process=None) | Q(Exists(Process.objects.filter(number=OuterRef("process"), alive_until__gt=Now())))


def provider_cards(*, now: datetime) -> list[ProviderCard]:
    """Every account with what it did lately: six statements, however many there are."""
    counts = {
        row["provider_id"]: row
        for row in Batch.objects.filter(mailing__started_at__gte=now - timedelta(days=30))
        .values("provider_id")
        .annotate(
            accepted=Sum("accepted_count"),
            refused=Sum("refused_count"),
            busy=Count("pk", filter=Q(_IS_ALIVE, state=Batch.State.CLAIMED)),
        )
    }
    outages = {row.provider_id: row for row in Outage.objects.filter(ended_at=None).exclude(began_at=None)}
    domains = covered_counts(now=now)
    nothing = {"accepted": 0, "refused": 0, "busy": 0}
    return [
        ProviderCard(
            provider=provider,
            kind=(kind := kind_of(provider.kind)),
            place=_place(provider, kind),
            accepted_count=(count := counts.get(provider.pk, nothing))["accepted"],
            refused_count=count["refused"],
            busy_count=count["busy"],
            streams=list(provider.streams.all()),
            outage=outages.get(provider.pk),
            domains=domains.get(provider.pk, (0, 0, 0)),
        )
        for provider in Provider.objects.prefetch_related("streams").order_by("-is_default", "name")
    ]


def _place(provider: Provider, kind: Kind) -> str:
    if provider.is_catcher:
        return _("on this machine")
    if not kind.is_smtp:
        return _("API")
    encryption = {"starttls": "STARTTLS", "tls": "TLS"}.get(provider.options.get("tls", ""), _("in clear"))
    return f"{provider.options.get('host')}:{provider.options.get('port')}, {encryption}"


@dataclass(frozen=True, slots=True)
class MessageLife:
    """One message from snapshot to last word. `state` is MessageState.State; `batch` may be claimed right now."""

    message: Message
    mailing: Mailing
    state: int
    outcome: Outcome | None
    contact: Contact | None
    provider: Provider | None
    attempts: list[Attempt]
    subject: str
    view_token: str
    state_word: "str | _StrPromise"
    reason_word: "str | _StrPromise"
    settled_word: "str | _StrPromise"
    story: list[StoryEntry]


_SETTLED_BY = {
    Evidence.LATE_WORKER: gettext_lazy("the worker that had been thought lost"),
    Evidence.WEBHOOK: gettext_lazy("the provider’s report"),
    Evidence.BOUNCE: gettext_lazy("a bounce"),
    Evidence.HIT: gettext_lazy("an open or a click"),
    Evidence.OPERATOR: gettext_lazy("somebody of the team"),
}


def message_life(message_id: int) -> MessageLife | None:
    """Everything known about one message, in four statements and those of higher floors."""
    current = (
        MessageState.objects.filter(pk=message_id)
        .select_related("message__outcome__provider", "message__content", "mailing")
        .first()
    )
    if current is None:
        return None
    message = current.message
    outcome: Outcome | None = getattr(message, "outcome", None)
    batch = Batch.objects.filter(first_id__lte=message_id).select_related("provider").order_by("-first_id").first()
    return MessageLife(
        message=message,
        mailing=current.mailing,
        state=current.state,
        outcome=outcome,
        contact=Contact.objects.filter(pk=message.contact_id).first() if message.contact_id else None,
        provider=(outcome and outcome.provider) or (batch.provider if batch else None),
        attempts=list(Attempt.objects.filter(message_id=message_id).order_by("at", "pk")),
        subject=_subject_of(message),
        view_token=encode(Purpose.VIEW, mailing=message.mailing_id, message=message.pk),
        state_word=MessageState.State(current.state).label,
        reason_word=Reason(current.reason).label if current.reason else "",
        settled_word=_SETTLED_BY.get(Evidence(outcome.settled_by), "") if outcome and outcome.settled_by else "",
        story=sorted((entry for story in stories for entry in story(message_id)), key=lambda entry: entry.at),
    )


def _subject_of(message: Message) -> str:
    """The subject this person read; as it was written where it cannot be made any more."""
    if message.content_id is None:
        return ""
    try:
        return skeleton_for(message.content_id).fill_parts(message).subject
    except (CannotFill, ContentRefused):
        return message.content.subject if message.content else ""


def message_for_team(*, mailing_id: int, message_id: int, marks: Mapping[int, str]) -> str | None:
    """What one person got, as the team looks at it (skeleton.look_back); None when there is none, or no more."""
    found = Message.objects.select_related("mailing", "content").filter(pk=message_id, mailing_id=mailing_id)
    try:
        return look_back(found.get(), marks=marks)
    except (Message.DoesNotExist, SourceErrors, CannotRender):
        return None


def message_html(*, mailing_id: int, message_id: int) -> str | None:
    """What one person got, links as in the mail and no pixel; None when there is none (any more, or never)."""
    try:
        return view_html(mailing_id, message_id)
    except (Message.DoesNotExist, CannotFill, ContentRefused):
        return None
