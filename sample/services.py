"""Load and remove the sample data."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from random import Random
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.services import organisation
from campaigns.models import Campaign
from common.locks import only_one
from contacts.models import Contact
from delivery import services as delivery
from delivery.models import Mailing
from sample import contacts, history, live, stories
from sample.people import people
from sample.removal import Removed, remove_all

FRENCH, ENGLISH, CLUB = 2_500, 1_100, 120
_SEED = 20_261_124
LOCK = "sample"
Say = Callable[[str], None]


class SampleRefused(Exception):
    """It cannot be done now; the message says why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded; all zero when it was there already."""

    people: int = 0
    campaigns: int = 0
    sent: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def is_loaded() -> bool:
    """Whether the sample is there whole: its last piece is the campaign that is really sent."""
    return Campaign.objects.filter(is_sample=True, name=stories.LIVE_NAME, mailing__isnull=False).exists()


def is_present() -> bool:
    """Whether anything of it is there."""
    return Contact.objects.filter(is_sample=True).exists() or Campaign.objects.filter(is_sample=True).exists()


def load(*, now: datetime, say: Say) -> Loaded:
    """Load everything and really send the small campaign to the test inbox; what a broken load left is removed first.

    Raises SampleRefused while another process loads or removes it.
    """
    started = time.monotonic()
    with only_one(LOCK) as is_mine:
        if not is_mine:
            raise SampleRefused(_("Another process is loading or removing the sample data."))
        if is_loaded():
            return Loaded()
        if is_present():
            say("Removing what an interrupted load has left")
            remove_all()
        count, campaign, teller = _load(now, say)
        sent = live.send(campaign, say=say, random=teller.random)
        return Loaded(
            people=count,
            campaigns=len(stories.HISTORY) + 1,
            sent=sent,
            seconds=round(time.monotonic() - started, 1),
        )


def _load(now: datetime, say: Say) -> tuple[int, Campaign, history.Teller]:
    random = Random(_SEED)  # noqa: S311 - made-up people, the same for everybody
    crowd = list(people(french=FRENCH, english=ENGLISH, random=random))
    say(f"{len(crowd):,} people and three lists")
    with transaction.atomic():
        lists = contacts.make_lists()
        made = contacts.add_people(crowd, lists=lists, now=now, random=random, club=CLUB)
        say("Templates and senders")
        templates, senders = stories.make_templates(), stories.make_senders()
    teller = history.Teller(
        now=now,
        zone=organisation().zone,
        random=random,
        interest=history.interest_of(made, [person.interest for person in crowd]),
    )
    provider = delivery.ensure_catcher()

    def draft(name: str, subject: str, preheader: str, *, language: str, design: str) -> Campaign:
        return Campaign.objects.create(
            name=name,
            subject=subject,
            preheader=preheader,
            language=language,
            template_version=templates[design].current,
            sender=senders[language],
            provider=provider,
            is_sample=True,
        )

    for story in stories.HISTORY:
        say(f"The history of “{story.name}”")
        campaign = draft(story.name, story.subject, story.preheader, language=story.language, design=story.design)
        campaign.lists.set([lists.french if story.language == "fr" else lists.english])
        left_at = story.left_at(now, teller.zone)
        history.tell(campaign, left_at=left_at, warmth=story.warmth, teller=teller)
    waiting = stories.DRAFT
    draft(waiting.name, waiting.subject, waiting.preheader, language=waiting.language, design=waiting.design).lists.set(
        [lists.french]
    )
    campaign = draft(
        stories.LIVE_NAME, stories.LIVE_SUBJECT, stories.LIVE_PREHEADER, language="fr", design=stories.LIVE_DESIGN
    )
    campaign.lists.set([lists.club])
    return len(crowd), campaign, teller


def remove() -> Removed:
    """Remove everything marked; what the team made of it or with it stays. Raises SampleRefused as `load`, or while
    one of its campaigns is on the wire."""
    with only_one(LOCK) as is_mine:
        if not is_mine:
            raise SampleRefused(_("Another process is loading or removing the sample data."))
        for mailing in Mailing.objects.filter(is_sample=True).values_list("pk", flat=True):
            delivery.cancel_mailing(mailing)
        if not _is_off_the_wire():
            raise SampleRefused(_("A sample campaign is still being handed over; try again in a moment."))
        return remove_all()


def _is_off_the_wire(*, patience: float = 10) -> bool:
    """Wait until no worker holds a batch of a sample mailing."""
    end = time.monotonic() + patience
    while Mailing.objects.filter(is_sample=True, batches__state=1).exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
