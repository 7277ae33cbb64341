"""The verbs of the command `campaign`: parse, one call, words for people and the same as JSON."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from django.utils import timezone, translation

from accounts.services import organisation
from campaigns import services
from campaigns.forecasts import forecast_of
from campaigns.models import Campaign
from campaigns.reporting import bring_up_to_date, report_json, report_text
from contacts.models import ContactList
from deliverability.models import Sender
from deliverability.services import ensure_sender
from delivery.forecast import in_a_sentence
from delivery.ledger import Ledger
from delivery.models import Mailing, Provider, Stream
from delivery.queries import is_worker_running, pause_words
from delivery.services import drive, follow
from templates_app.models import TemplateVersion
from templates_app.problems import SourceErrors
from templates_app.services import save_template

Say = Callable[[str], None]


class Refused(Exception):
    """Exit 1; `problems` say why."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


class WrongUse(Exception):
    """Exit 2."""


@dataclass(frozen=True, slots=True)
class Found:
    """What to print."""

    text: str
    as_json: dict[str, Any]


def create(options: dict[str, Any], *, say: Say) -> Found:
    draft = services.Draft(
        name=options["name"],
        lists=[_list(name) for name in options["lists"]],
        template_version=_template(options["name"], Path(options["template"])),
        subject=options["subject"],
        preheader=options["preheader"],
        sender=_sender(options["sender"], options["reply_to"]),
        reply_to=options["reply_to"],
        provider=_provider(options["provider"]),
        stream=_stream(options["stream"]),
        language=options["language"],
    )
    try:
        campaign = services.create_campaign(draft=draft, user=None)
    except services.CampaignRefused as refused:
        raise Refused(*refused.problems) from refused
    outlook = _outlook(campaign)
    told = {"id": campaign.pk, "name": campaign.name, "state": campaign.phase, "last_message_at": outlook.until}
    return Found(f"Campaign “{campaign.name}” is a draft. {outlook.words}".strip(), told)


@dataclass(frozen=True, slots=True)
class Outlook:
    """When the last message leaves, in words and as ISO time (None: nobody knows, or not within a year)."""

    words: str = ""
    until: str | None = None


def _outlook(campaign: Campaign, *, at: datetime | None = None) -> Outlook:
    now = timezone.now()
    with translation.override("en"), timezone.override(organisation().zone):
        found = forecast_of(campaign, now=now, at=at)
        if found is None:
            return Outlook()
        until = (
            timezone.localtime(found.until).isoformat(timespec="seconds") if found.until and found.is_known else None
        )
        return Outlook(in_a_sentence(found, now=now), until)


def _list(name: str) -> ContactList:
    found = ContactList.objects.filter(name=name).first()
    if found is None:
        raise Refused(f"There is no list called “{name}”.")
    return found


def _template(name: str, path: Path) -> TemplateVersion:
    """A version of the file's source, in the template that bears the campaign's name."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path}: {error}") from error
    try:
        return save_template(name=name, source=source, user=None)
    except SourceErrors as errors:
        raise Refused(*(f"{path}:{p.line}:{p.column}: {p.message}" for p in errors.problems if p.is_error)) from errors


def _sender(words: str, reply_to: str) -> Sender:
    name, address = parseaddr(words)
    if "@" not in address:
        raise WrongUse(
            f'--from needs an address, as in "Maison Verdier <bonjour@maison-verdier.example>", not {words!r}'
        )
    try:
        return ensure_sender(name=name or address.partition("@")[0], address=address, reply_to=reply_to)
    except ValueError as error:
        raise Refused(f"{address}: {error}") from error


def _provider(name: str) -> Provider | None:
    found = Provider.objects.filter(name=name).first()
    if name and found is None:
        raise Refused(f"There is no provider called “{name}”; `provider add` makes one.")
    return found


def _stream(name: str) -> Stream | None:
    found = Stream.objects.filter(name=name).first()
    if name and found is None:
        raise Refused(f"There is no stream called “{name}”.")
    return found


def _campaign(name: str) -> Campaign:
    found = Campaign.objects.shown().filter(name=name).first()
    if found is None:
        raise Refused(f"There is no campaign called “{name}”.")
    return found


# ── send ────────────────────────────────────────────────────────────────────────────────────────────────────────
def send(options: dict[str, Any], *, say: Say) -> Found:
    """At a time: schedule it. Now: plan it at once (a command has no undo page); without a worker, send it here."""
    at = _instant(options["at"]) if options["at"] else None
    campaign = _campaign(options["name"])
    if campaign.phase not in (Mailing.State.PLANNED, Mailing.State.SENDING):
        rhythm = services.Rhythm(
            options["over"], options["not_at_night"], wave_size=options["first_wave"], wave_minutes=options["watch"]
        )
        services.set_rhythm(campaign=campaign, rhythm=rhythm)
        outlook = _outlook(campaign, at=at)
        try:
            starts_at = services.start_campaign(
                campaign=campaign, user=None, now=timezone.now(), at=at, undo=timedelta(0)
            )
        except services.CampaignRefused as refused:
            raise Refused(*refused.problems) from refused
        if at is not None and not options["wait"]:
            return Found(
                f"“{campaign.name}” leaves on {starts_at.isoformat()}. {outlook.words}".strip(),
                {
                    "name": campaign.name,
                    "state": "scheduled",
                    "starts_at": starts_at.isoformat(),
                    "last_message_at": outlook.until,
                },
            )
        if outlook.words:
            say(outlook.words)
        _wait_until(starts_at, say)
    return _carry(campaign, say=say, wait=options["wait"])


def _wait_until(starts_at: datetime, say: Say) -> None:
    left = (starts_at - timezone.now()).total_seconds()
    if left > 1:
        say(f"Waiting until {starts_at.isoformat()}.")
    while (left := (starts_at - timezone.now()).total_seconds()) > 0:
        time.sleep(min(left, 1))


def _carry(campaign: Campaign, *, say: Say, wait: bool) -> Found:
    """Plan it, unless a worker already has; then watch the workers, or do their work."""
    services.begin(campaign_id=campaign.pk, now=timezone.now())
    campaign = _campaign(campaign.name)
    if campaign.mailing_id is None:
        raise Refused(*(campaign.problem.splitlines() or ["It was taken back before it could leave."]))
    is_worked = is_worker_running()
    if is_worked and not wait:
        return Found(f"“{campaign.name}” is leaving.", {"name": campaign.name, "state": campaign.phase})
    if not is_worked:
        say("No worker is running: this command sends it itself.")
    call = follow if is_worked else drive
    try:
        mailing = call(campaign.mailing_id, report=_progress(say))
    except KeyboardInterrupt:
        raise Refused(f"Stopped watching. `campaign send {campaign.name!r} --wait` goes on where it stands.") from None
    if mailing.state == Mailing.State.PAUSED:
        raise Refused(pause_words(mailing) or "The campaign is paused.")
    return report({"name": campaign.name}, say=say)


def _progress(say: Say) -> Callable[[Ledger], None]:
    """A line a second at most, and only when the numbers have moved."""
    last: list[tuple[int, ...]] = [()]

    def tell(ledger: Ledger) -> None:
        now = tuple(ledger.numbers().values())
        if now != last[0]:
            last[0] = now
            words = ", ".join(f"{count} {name}" for name, count in ledger.numbers().items() if count)
            say(words or "freezing the audience")

    return tell


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUse(f"--at needs an ISO time, as in 2026-12-01T09:30+01:00, not {text!r}") from error
    return at if at.tzinfo else at.replace(tzinfo=organisation().zone)


# ── the rest ────────────────────────────────────────────────────────────────────────────────────────────────────
def pause(options: dict[str, Any], *, say: Say) -> Found:
    return _tell(options["name"], services.pause, "It is not being sent: nothing to pause.")


def resume(options: dict[str, Any], *, say: Say) -> Found:
    return _tell(options["name"], services.resume, "It is not paused.")


def cancel(options: dict[str, Any], *, say: Say) -> Found:
    return _tell(options["name"], services.cancel, "It is over, or was never sent: nothing to cancel.")


def _tell(name: str, verb: Callable[..., bool], otherwise: str) -> Found:
    if not verb(campaign=_campaign(name), user=None):
        raise Refused(otherwise)
    campaign = _campaign(name)
    return Found(f"“{name}”: {campaign.phase}.", {"name": name, "state": campaign.phase})


def report(options: dict[str, Any], *, say: Say) -> Found:
    campaign = _campaign(options["name"])
    if campaign.mailing_id is None:
        raise Refused(f"“{campaign.name}” has not left: it is {campaign.phase}.")
    if not is_worker_running():
        bring_up_to_date(campaign.mailing_id)
    return Found(report_text(campaign), report_json(campaign))
