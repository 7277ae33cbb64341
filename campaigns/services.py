"""The verbs of campaigns. Each one that decides something leaves an audit entry in its own transaction."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from campaigns.models import UNDO, Campaign
from campaigns.orders import mailing_order
from campaigns.review import reach_of, review
from common.figures import number
from contacts.models import ContactList
from deliverability.models import Sender
from delivery import guard
from delivery import services as delivery
from delivery.models import Provider, Stream
from templates_app.models import TemplateVersion


class CampaignRefused(Exception):
    """What was asked cannot be; `problems` are sentences for the person who asked."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person fills in; only the fields named in `given` are written on an update."""

    name: str = ""
    lists: Sequence[ContactList] = ()
    template_version: TemplateVersion | None = None
    subject: str = ""
    preheader: str = ""
    sender: Sender | None = None
    reply_to: str = ""
    provider: Provider | None = None
    stream: Stream | None = None
    language: str = "fr"
    given: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the review page had shown when somebody pressed the button: anything else must be looked at again."""

    updated_at: datetime
    recipient_count: int


# ── drafts ──────────────────────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def create_campaign(*, draft: Draft, user: User | None) -> Campaign:
    """A new draft. Raises CampaignRefused when the name is taken."""
    campaign = Campaign(user=user)
    _write(campaign, replace(draft, given=frozenset(_COLUMNS) | {"lists"}))
    audit(verb="campaign.create", target=campaign.target, user=user, name=campaign.name)
    return campaign


@transaction.atomic
def update_draft(*, campaign: Campaign, draft: Draft, user: User | None) -> None:
    """Write the given fields. Raises CampaignRefused when it is no draft any more, or the name is taken."""
    if not Campaign.objects.select_for_update().filter(pk=campaign.pk, state=Campaign.State.DRAFT).exists():
        raise CampaignRefused(_("This campaign can no longer be changed: it is scheduled or has left."))
    _write(campaign, draft)
    audit(verb="campaign.update", target=campaign.target, user=user, fields=sorted(draft.given))


_COLUMNS = ("name", "template_version", "subject", "preheader", "sender", "reply_to", "provider", "stream", "language")


def _write(campaign: Campaign, draft: Draft) -> None:
    for name in _COLUMNS:
        if name in draft.given:
            setattr(campaign, name, getattr(draft, name))
    campaign.problem = ""
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        if not Campaign.objects.filter(name=campaign.name).exclude(pk=campaign.pk).exists():
            raise
        raise CampaignRefused(_("There is already a campaign called “%s”.") % campaign.name) from error
    if "lists" in draft.given:
        campaign.lists.set(draft.lists)


@transaction.atomic
def duplicate_campaign(*, campaign: Campaign, user: User | None) -> Campaign:
    """A draft with the same audience and message, under a free name; it takes the template as it is today."""
    version = campaign.template_version
    draft = Draft(
        name=_free_name(campaign.name),
        lists=list(campaign.lists.all()),
        template_version=version and (version.template.current or version),
        subject=campaign.subject,
        preheader=campaign.preheader,
        sender=campaign.sender,
        reply_to=campaign.reply_to,
        provider=campaign.provider,
        stream=campaign.stream,
        language=campaign.language,
    )
    return create_campaign(draft=draft, user=user)


def _free_name(name: str) -> str:
    """`name` (copy), (copy 2) …, cut to what the column holds."""
    stem = name[:130]
    taken = set(Campaign.objects.filter(name__startswith=stem).values_list("name", flat=True))
    number = 1
    while True:
        ending = _("copy") if number == 1 else _("copy %d") % number
        if (candidate := f"{stem} ({ending})") not in taken:
            return candidate
        number += 1


@transaction.atomic
def delete_draft(*, campaign: Campaign, user: User | None) -> None:
    """Raises CampaignRefused for anything but a draft: what was sent is kept."""
    if not Campaign.objects.select_for_update().filter(pk=campaign.pk, state=Campaign.State.DRAFT).exists():
        raise CampaignRefused(_("Only a draft can be deleted."))
    audit(verb="campaign.delete", target=campaign.target, user=user, name=campaign.name)
    campaign.delete()


# ── start and undo ──────────────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def start_campaign(
    *,
    campaign: Campaign,
    user: User | None,
    now: datetime,
    at: datetime | None = None,
    seen: Seen | None = None,
    undo: timedelta = UNDO,
) -> datetime:
    """Send now (after the time in which it can be undone) or at `at`; returns the instant it will leave.

    Raises CampaignRefused when a check blocks, when it is no draft, when `at` is over, or when it was changed since it
    was `seen` on the review page. Whether its audience is still as large is counted afterwards (`count_again`), inside
    the time to undo: nobody waits for the count of a million people with a finger on the button.
    """
    if at is not None and at <= now:
        raise CampaignRefused(_("That time is already over."))
    found = review(campaign=campaign)
    if found.blocking:
        raise CampaignRefused(*(check.sentence for check in found.blocking))
    if seen is not None and _last_change(campaign) != seen.updated_at:
        raise CampaignRefused(_("The campaign was changed after you opened this page. Please read it once more."))
    seen_count = seen.recipient_count if seen else None
    starts_at = at or now + undo
    if not campaign.is_draft or not campaign.move(to=Campaign.State.SCHEDULED, starts_at=starts_at):
        raise CampaignRefused(_("This campaign is already scheduled or has left."))
    Campaign.objects.filter(pk=campaign.pk).update(started_by=user, problem="", seen_count=seen_count)
    audit(
        verb="campaign.send" if at is None else "campaign.schedule",
        target=campaign.target,
        user=user,
        starts_at=starts_at.isoformat(),
        recipients=seen_count,
        looked_past=[check.name for check in found.looks],
    )
    return starts_at


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a campaign leaves: spread over so many hours (0: at once), resting at night or not, its first wave so large
    (people of each mailbox provider; 0: by the rule) and watched so long."""

    pace_hours: int = 0
    rests_at_night: bool = False
    wave_size: int = 0
    wave_minutes: int = 15


def set_rhythm(*, campaign: Campaign, rhythm: Rhythm) -> bool:
    """How a draft will leave. False for no draft.

    What the review showed is not changed by it, so `updated_at` stays.
    """
    values = asdict(rhythm)
    for name, value in values.items():
        setattr(campaign, name, value)
    return bool(Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.DRAFT).update(**values))


def _last_change(campaign: Campaign) -> datetime | None:
    return Campaign.objects.filter(pk=campaign.pk).values_list("updated_at", flat=True).first()


def uncounted() -> list[int]:
    """Campaigns somebody pressed "send" for whose audience was not counted again yet."""
    waiting = Campaign.objects.filter(state=Campaign.State.SCHEDULED, seen_count__isnull=False)
    return list(waiting.values_list("pk", flat=True))


def count_again(*, campaign_id: int) -> bool:
    """Compare the audience with what the review page had shown; one that differs makes a draft again, with the reason.

    False when it was put back, or when there was nothing to count. Whoever undoes it meanwhile is first.
    """
    campaign = Campaign.objects.shown().filter(pk=campaign_id, state=Campaign.State.SCHEDULED).first()
    if campaign is None or campaign.seen_count is None:
        return False
    with translation.override(_language_of(campaign)):
        problems = _drift(campaign)  # before the row is locked: a million people take a second
        with transaction.atomic():
            same = {"state": campaign.state, "starts_at": campaign.starts_at, "seen_count": campaign.seen_count}
            if not Campaign.objects.filter(pk=campaign_id, **same).update(seen_count=None):
                return False
            if problems:
                _give_back(campaign, problems)
    return not problems


def _drift(campaign: Campaign) -> list[str]:
    """What to say when the audience is no longer what the review page had shown."""
    if campaign.seen_count is None:
        return []
    then, now = campaign.seen_count, reach_of(campaign).recipient_count
    if abs(now - then) <= max(10, then // 100):
        return []
    return [
        _("The audience is no longer what the page had shown: %(now)s instead of %(then)s. Please read it once more.")
        % {"now": number(now), "then": number(then)}
    ]


@transaction.atomic
def undo(*, campaign: Campaign, user: User | None) -> bool:
    """Back to draft before the first message; False when it was too late (or somebody else had undone it)."""
    if not campaign.is_scheduled or not campaign.move(to=Campaign.State.DRAFT, starts_at=None):
        return False
    audit(verb="campaign.undo", target=campaign.target, user=user)
    return True


def start_due(*, now: datetime, limit: int = 20, ring: Callable[[int], None] | None = None) -> list[int]:
    """Start every campaign whose time has come; the ids of their mailings. Safe from several beats.

    `ring` is called with each as soon as it has begun. None while a restored database waits for a person.
    """
    if guard.check():
        return []
    begun = []
    for pk in Campaign.objects.due(now).order_by("starts_at").values_list("pk", flat=True)[:limit]:
        mailing = begin(campaign_id=pk, now=now)
        if mailing is not None:
            begun.append(mailing)
            if ring is not None:
                ring(mailing)
    return begun


def begin(*, campaign_id: int, now: datetime) -> int | None:
    """Plan the mailing of a campaign whose time has come; its mailing's id, or None when there is nothing to do.

    The checks are made again: what blocks now puts the campaign back to draft with the reason, and nothing leaves.
    """
    with transaction.atomic():
        due = Campaign.objects.due(now).filter(pk=campaign_id)
        campaign = due.select_for_update(of=("self",)).first()
        if campaign is None:
            return None
        with translation.override(_language_of(campaign)):
            return _plan_or_give_back(campaign, now)


def _plan_or_give_back(campaign: Campaign, now: datetime) -> int | None:
    # Who gets it is decided by the snapshot alone. It is counted here only where no worker had time to before.
    problems = [check.sentence for check in review(campaign=campaign).blocking] or _drift(campaign)
    if not problems:
        campaign.occasion = campaign.occasion or delivery.draw_occasion()
        try:
            with transaction.atomic():
                mailing = delivery.plan_mailing(mailing_order(campaign, starts_at=now))
        except delivery.MailingRefused as refused:
            problems = [f"{problem.message} {problem.fix}".strip() for problem in refused.problems]
        else:
            campaign.state, campaign.mailing, campaign.seen_count = Campaign.State.STARTED, mailing, None
            campaign.save(update_fields=["state", "mailing", "occasion", "seen_count", "updated_at"])
            audit(verb="campaign.start", target=campaign.target, user=campaign.started_by, mailing=mailing.pk)
            return mailing.pk
    _give_back(campaign, problems)
    return None


def _give_back(campaign: Campaign, problems: list[str]) -> None:
    """A draft again, and why; call it under the row's lock."""
    campaign.state, campaign.starts_at, campaign.problem = Campaign.State.DRAFT, None, "\n".join(problems)
    campaign.seen_count = None
    campaign.save(update_fields=["state", "starts_at", "problem", "seen_count", "updated_at"])
    audit(verb="campaign.not_started", target=campaign.target, user=campaign.started_by, problems=problems)


def _language_of(campaign: Campaign) -> str:
    person = campaign.started_by
    return (person.language if person else "") or campaign.language


# ── while it is under way ───────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def pause(*, campaign: Campaign, user: User | None) -> bool:
    """Begin nothing more; what is on the wire ends first. False when it is not being sent."""
    return _tell(campaign, user, "campaign.pause", delivery.pause_mailing)


@transaction.atomic
def resume(*, campaign: Campaign, user: User | None) -> bool:
    """Go on where it stopped; False when it is not paused."""
    return _tell(campaign, user, "campaign.resume", delivery.resume_mailing)


@transaction.atomic
def cancel(*, campaign: Campaign, user: User | None) -> bool:
    """For good: whoever is left is skipped, with that reason. A scheduled one goes back to draft instead."""
    if campaign.is_scheduled:
        return undo(campaign=campaign, user=user)
    return _tell(campaign, user, "campaign.cancel", delivery.cancel_mailing)


def _tell(campaign: Campaign, user: User | None, verb: str, call: Callable[..., bool]) -> bool:
    if campaign.mailing_id is None or not call(campaign.mailing_id, user=user):
        return False
    Campaign.objects.filter(pk=campaign.pk).update(updated_at=Now())
    audit(verb=verb, target=campaign.target, user=user)
    return True
