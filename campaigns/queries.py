"""Reads that shape the list and say where a campaign is looked at."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.phases import BADGES, FILTERS, TO_NOBODY, Badge
from contacts.models import ContactField, Subscription
from delivery.models import Batch, Mailing
from feedback.rates import Rate, by_name, rates_by_mailing
from templates_app.variables import CONTACT_COLUMNS

# Who looks at a started campaign wants to know how it goes until it is over, and what came of it afterwards.
_LIVE = (Mailing.State.PLANNED, Mailing.State.SENDING, Mailing.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list: `settled` of `planned` have an outcome; rates by name, empty before anything left."""

    campaign: Campaign
    badge: Badge
    to_nobody: Badge | None
    place: str
    subject: str
    lists: str
    accepted: int
    settled: int
    planned: int
    rates: dict[str, Rate]


def rows_of(campaigns: Iterable[Campaign]) -> list[Row]:
    """The list's rows in three queries, however many there are. Expects `shown()` and the lists prefetched."""
    campaigns = list(campaigns)
    mailing_ids = [campaign.mailing_id for campaign in campaigns if campaign.mailing_id]
    settled = _settled(mailing_ids)
    rates = rates_by_mailing(mailing_ids) if mailing_ids else {}
    return [
        _row(campaign, settled.get(campaign.mailing_id or 0, 0), by_name(rates.get(campaign.mailing_id or 0, [])))
        for campaign in campaigns
    ]


def _row(campaign: Campaign, settled: int, rates: dict[str, Rate]) -> Row:
    mailing = campaign.mailing
    return Row(
        campaign=campaign,
        badge=BADGES[campaign.phase],
        to_nobody=TO_NOBODY if mailing and mailing.provider.is_catcher else None,
        place=place_of(campaign),
        subject=plain_subject(campaign.subject),
        lists=", ".join(found.name for found in campaign.lists.all()),
        accepted=rates["delivery"].denominator if rates else 0,
        settled=settled,
        planned=mailing.planned_count if mailing else 0,
        rates=rates,
    )


_PIECE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_DEFAULT = re.compile(r"""\|\s*default:\s*(?:"([^"]*)"|'([^']*)')""")


def plain_subject(subject: str) -> str:
    """A subject as the list shows it: what is said to somebody whose fields are empty, "…" where nothing is."""

    def words(piece: re.Match[str]) -> str:
        found = _DEFAULT.search(piece[0])
        return (found[1] or found[2] or "") if found else "…" if piece[0].startswith("{{") else ""

    return _PIECE.sub(words, subject)


def _settled(mailing_ids: list[int]) -> dict[int, int]:
    """How many messages have an outcome, by mailing: the batches' own counters."""
    if not mailing_ids:
        return {}
    counted = F("accepted_count") + F("refused_count") + F("skipped_count") + F("unknown_count")
    rows = Batch.objects.filter(mailing__in=mailing_ids).values("mailing").annotate(settled=Sum(counted))
    return {row["mailing"]: row["settled"] for row in rows.order_by()}


def filters(url: str, *, current: str, words: str) -> list[dict[str, Any]]:
    """The choices above the list, with how many campaigns each would show; one query."""
    counts = Campaign.objects.aggregate(
        all=Count("pk"),
        **{
            phase: Count("pk", filter=Q(state=phase) if phase in Campaign.State.values else Q(mailing__state=phase))
            for phase in FILTERS
        },
    )
    choices = [("", _("All"), counts["all"])] + [(phase, word, counts[phase]) for phase, word in FILTERS.items()]
    return [
        {
            "word": word,
            "count": count,
            "url": f"{url}?{urlencode({k: v for k, v in (('state', phase), ('q', words)) if v})}",
            "is_current": phase == current,
        }
        for phase, word, count in choices
    ]


_KEPT = 60  # seconds: counting a list of a million takes a tenth of one


def people_by_list() -> dict[int, int]:
    """How many are subscribed to each list, as of a minute ago at most."""

    key = "campaigns:people_by_list"
    kept: dict[int, int] | None = cache.get(key)
    if kept is not None:
        return kept
    subscribed = Subscription.objects.filter(state=Subscription.State.SUBSCRIBED)
    rows = subscribed.values("contact_list").annotate(people=Count("contact_id")).order_by()
    found = {row["contact_list"]: row["people"] for row in rows}
    cache.set(key, found, _KEPT)
    return found


def place_of(campaign: Campaign) -> str:
    """The name of the route where a campaign is looked at now."""
    if campaign.mailing:
        return "campaigns:live" if campaign.mailing.state in _LIVE else "campaigns:report"
    if campaign.is_scheduled:
        return "campaigns:scheduled"
    if campaign.template_version_id is None:
        return "campaigns:audience" if not campaign.subject and not campaign.sender_id else "campaigns:content"
    return "campaigns:review"


@dataclass(frozen=True, slots=True)
class Previous:
    """The last campaign that left, to compare a draft with."""

    campaign: Campaign
    recipients: int
    rates: dict[str, Rate]


def previous_of(campaign: Campaign) -> Previous | None:
    """The newest finished campaign to one of the same lists, else to any; None when nothing was sent yet."""
    finished = Campaign.objects.shown().filter(mailing__state=Mailing.State.FINISHED, mailing__started_at__isnull=False)
    same = finished.filter(lists__in=campaign.lists.all()).order_by("-mailing__started_at").first()
    found = same or finished.order_by("-mailing__started_at").first()
    if found is None or found.mailing_id is None:
        return None
    rates = by_name(rates_by_mailing([found.mailing_id])[found.mailing_id])
    return Previous(campaign=found, recipients=rates["delivery"].denominator, rates=rates)


@dataclass(frozen=True, slots=True)
class Name:
    """A Liquid name an author may use, in words."""

    path: str
    label: str


def names() -> list[Name]:
    """The personal words of a message: contact fields first; one query."""
    own = {"first_name": _("first name"), "last_name": _("last name"), "email": _("address"), "language": _("language")}
    fields = ContactField.objects.order_by("label").values_list("key", "label")
    return [
        *(Name(f"contact.{key}", own[key]) for key in CONTACT_COLUMNS if key in own),
        *(Name(f"contact.{key}", label) for key, label in fields),
        Name("list.name", _("name of the list")),
        Name("organisation.name", _("your name")),
        Name("organisation.address", _("your postal address")),
        Name("unsubscribe_url", _("link to leave")),
        Name("preferences_url", _("link to choose")),
        Name("view_in_browser_url", _("link to read in the browser")),
        Name("tracking_choice_url", _("link to the question about measuring")),
    ]
