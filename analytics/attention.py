"""What needs a hand: each thing with its reason and the page where it is put right. A fixed number of queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.figures import Period, limit_words
from campaigns.models import Campaign
from common.figures import number, percent
from contacts.models import ContactImport
from deliverability.warmup.queries import stepped_back
from delivery import alignment, guard
from delivery.checking import last_check
from delivery.durability import risky_settings
from delivery.failover import open_outages
from delivery.holds import by_limit, said_of
from delivery.models import Alert, Batch, Brake, Mailing, Provider
from delivery.own_words import said
from delivery.queries import pause_words
from feedback.rates import Rate
from feedback.troubles import policy_refusals, refused_webhooks

EACH = 3  # of a kind: the list is for the morning, not an archive
MOST_SHARES = EACH * 10  # of all stopped campaigns, a row a mailbox provider
FAILED_IMPORTS_FOR = timedelta(days=14)
POLICY_FOR = timedelta(days=3)
ENOUGH_REFUSALS = 5  # one may be a mistake of theirs
ENOUGH_TO_JUDGE = 500  # people: one complaint among fifty says nothing about a sender


@dataclass(frozen=True, slots=True)
class Matter:
    """`kind` is a badge's (warn, bad, doubt, accent); `route` (with `pk`) and `rest` say where it is put right."""

    icon: str
    kind: str
    title: str
    text: str
    action: str
    route: str
    pk: int | None = None
    rest: str = ""


def matters(*, period: Period, now: datetime) -> list[Matter]:
    """What needs a hand now, the most urgent first."""
    return [
        *_held(),
        *_imbalances(),
        *_durability(),
        *_unmailed(),
        *_braked(),
        *_lost(),
        *_warmups(),
        *_paused(),
        *_doubts(),
        *_alarms(period),
        *_policy(now),
        *_webhooks(),
        *_returned(),
        *_outages(),
        *_providers(),
        *_imports(now),
    ]


def _held() -> Iterator[Matter]:
    if guard.is_held():
        yield Matter(
            icon="history",
            kind="bad",
            title=_("The database has gone back: sending is held"),
            text=_("It was restored from a backup; what it calls waiting may have been sent already."),
            route="delivery:restored",
            action=_("Decide"),
        )


def _imbalances() -> Iterator[Matter]:
    last = last_check()
    wrong = [row["mailing"] for row in last.imbalances] if last else []
    for campaign in Campaign.objects.filter(mailing__in=wrong).order_by("-pk")[:EACH]:
        yield Matter(
            icon="scale",
            kind="bad",
            title=_("The count of “%(name)s” does not balance") % {"name": campaign.name},
            text=_("Last night’s count from the rows found other numbers than the ledger. Tell whoever runs Envol."),
            route="campaigns:live",
            pk=campaign.pk,
            action=_("Look"),
        )


def _durability() -> Iterator[Matter]:
    if risky := risky_settings():
        yield Matter(
            icon="database-exclamation",
            kind="warn",
            title=_("The database may forget what it has said yes to"),
            text=_("%(settings)s off: after a power cut people could be written to twice. Switch it on.")
            % {"settings": ", ".join(risky)},
            route="analytics:healthz",
            action=_("Look"),
        )


def _unmailed() -> Iterator[Matter]:
    """Alerts that could not be mailed: the page is the only place left to say so."""
    if alert := Alert.objects.filter(told_at=None).exclude(error="").first():
        yield Matter(
            icon="mail-off",
            kind="bad",
            title=_("Alerts do not leave by mail"),
            text=_("The system's own mail (EMAIL_URL) says: %(words)s") % {"words": alert.error},
            route="analytics:healthz",
            action=_("Look"),
        )


def _paused() -> Iterator[Matter]:
    campaigns = Campaign.objects.filter(mailing__state=Mailing.State.PAUSED).select_related("mailing")
    for campaign in campaigns.order_by("-mailing__started_at")[:EACH]:
        assert campaign.mailing
        words = pause_words(campaign.mailing)
        yield Matter(
            icon="player-pause",
            kind="bad" if words else "warn",
            title=_("“%(name)s” is paused") % {"name": campaign.name},
            text=words or _("Somebody of the team paused it; the rest has not left."),
            route="campaigns:live",
            pk=campaign.pk,
            action=_("Look"),
        )


def _braked() -> Iterator[Matter]:
    """Campaigns of which shares were stopped by what came back, and wait for a decision."""
    alive = (Mailing.State.SENDING, Mailing.State.PAUSED)
    stopped = Brake.objects.filter(state=Brake.State.STOPPED, mailing__state__in=alive, mailing__campaign__isnull=False)
    brakes = stopped.select_related("mailing__campaign").order_by("-mailing__campaign", "mx_group")
    by_campaign = [list(found) for _pk, found in groupby(brakes[:MOST_SHARES], key=lambda brake: brake.mailing_id)]
    for found in by_campaign[:EACH]:
        mailing = found[0].mailing
        who = " · ".join(str(brake.get_mx_group_display()) for brake in found)
        yield Matter(
            icon="shield-exclamation",
            kind="bad",
            title=_("“%(name)s” is stopped at %(who)s") % {"name": mailing.name, "who": who},
            text=" ".join(said_of(*alike) for alike in by_limit(found)),
            route="campaigns:live",
            pk=mailing.campaign.pk,
            rest="#holds",
            action=_("Decide"),
        )


def _lost() -> Iterator[Matter]:
    """A record one of our domains needs is gone from the DNS."""
    for row in alignment.lost(most=EACH):
        yield Matter(
            icon="world",
            kind="bad",
            title=_("%(provider)s may no longer write for %(domain)s")
            % {"provider": row.provider, "domain": row.domain.name},
            text=_("A record it needs is gone from the DNS, or was changed."),
            route="delivery:alignments",
            pk=row.provider_id,
            action=_("Look"),
        )


def _warmups() -> Iterator[Matter]:
    """Warm-ups that a bad day took back: what waits leaves more slowly than planned."""
    for found in stepped_back(most=EACH):
        yield Matter(
            icon="trending-down",
            kind="warn",
            title=_("The warm-up of %(domain)s stepped back at %(who)s")
            % {"domain": found.plan.domain.name, "who": found.plan.who},
            text=found.finding,
            route="deliverability:warmup",
            pk=found.plan_id,
            action=_("Look"),
        )


def _doubts() -> Iterator[Matter]:
    rows = (
        Batch.objects.filter(unknown_count__gt=0, mailing__campaign__isnull=False)
        .values("mailing__campaign__pk", "mailing__name")
        .annotate(people=Sum("unknown_count"))
        .order_by("-mailing__campaign__pk")[:EACH]
    )
    for row in rows:
        yield Matter(
            icon="help",
            kind="doubt",
            title=ngettext("%(count)s message of unknown fate", "%(count)s messages of unknown fate", row["people"])
            % {"count": number(row["people"])},
            text=_("“%(name)s”: the provider’s answer was lost. Nobody is written to twice before you decide.")
            % {"name": row["mailing__name"]},
            route="campaigns:people",
            pk=row["mailing__campaign__pk"],
            rest="?state=unknown",
            action=_("Decide"),
        )


def _policy(now: datetime) -> Iterator[Matter]:
    """5.7.x speaks of the sender, never of the person: nobody is left out for it, and somebody must know."""
    for found in policy_refusals(since=now - POLICY_FOR, limit=EACH):
        if found.people < ENOUGH_REFUSALS:
            continue
        yield Matter(
            icon="shield-exclamation",
            kind="bad",
            title=ngettext(
                "%(count)s message of “%(name)s” turned away for policy or reputation",
                "%(count)s messages of “%(name)s” turned away for policy or reputation",
                found.people,
            )
            % {"count": number(found.people), "name": found.name},
            text=found.words[:200] or _("The mailbox provider does not trust the sender or the content."),
            route="deliverability:senders",
            action=_("Check the sender"),
        )


def _webhooks() -> Iterator[Matter]:
    for provider in refused_webhooks()[:EACH]:
        yield Matter(
            icon="webhook",
            kind="bad",
            title=_("Webhooks of %(provider)s are refused") % {"provider": provider},
            text=provider.webhook_state.refusal,
            route="feedback:provider_webhooks",
            pk=provider.pk,
            action=_("Put it right"),
        )


def _alarms(period: Period) -> Iterator[Matter]:
    for figure in period.figures:
        rate = figure.rate
        if rate.alarm and rate.denominator >= ENOUGH_TO_JUDGE:
            yield Matter(
                icon="shield-exclamation",
                kind="bad" if rate.alarm > 1 else "warn",
                title=_alarm_title(rate),
                text=_("%(value)s over %(days)s days; the threshold is %(limit)s.")
                % {"value": percent(rate.value), "days": period.days, "limit": limit_words(rate)},
                route="analytics:home",
                rest="#rates",
                action=_("See the rates"),
            )


def _alarm_title(rate: Rate) -> str:
    return {
        "bounce": _("Too many bounces: mailbox providers look at that"),
        "complaint": _("Too many complaints: mailbox providers look at that"),
        "unsubscribe": _("Many people leave"),
    }[rate.name]


def _returned() -> Iterator[Matter]:
    campaigns = Campaign.objects.filter(state=Campaign.State.DRAFT).exclude(problem="").order_by("-updated_at")
    for campaign in campaigns[:EACH]:
        yield Matter(
            icon="arrow-back-up",
            kind="warn",
            title=_("“%(name)s” could not leave") % {"name": campaign.name},
            text=campaign.problem,
            route="campaigns:show",
            pk=campaign.pk,
            action=_("Correct it"),
        )


def _outages() -> Iterator[Matter]:
    """Accounts that cannot send, whether another has taken over or not."""
    for outage in open_outages()[:EACH]:
        yield Matter(
            icon="switch-horizontal",
            kind="bad",
            title=_("“%(name)s” is out of order: %(cause)s")
            % {"name": outage.provider, "cause": outage.get_cause_display()},
            text=said(outage.words),
            route="delivery:providers",
            action=_("Look"),
        )


def _providers() -> Iterator[Matter]:
    known = [outage.provider_id for outage in open_outages()]
    for provider in Provider.objects.exclude(test_error="").exclude(pk__in=known).order_by("-tested_at")[:EACH]:
        yield Matter(
            icon="plug-connected-x",
            kind="bad",
            title=_("“%(name)s” does not take our mail") % {"name": provider.name},
            text=said(provider.test_error),
            route="delivery:providers",
            action=_("Look"),
        )


def _imports(now: datetime) -> Iterator[Matter]:
    failed = ContactImport.objects.filter(
        state=ContactImport.State.FAILED, created_at__gte=now - FAILED_IMPORTS_FOR
    ).order_by("-created_at", "-pk")
    for found in failed[:EACH]:
        yield Matter(
            icon="file-x",
            kind="warn",
            title=_("The import of “%(name)s” stopped") % {"name": found.file_name},
            text=found.error,
            route="contacts:imports",
            action=_("Look"),
        )
