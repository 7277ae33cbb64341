"""All checks of one campaign, and the message as one person reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services import organisation
from campaigns.models import Campaign
from campaigns.review import message, setup
from campaigns.review.check import Check, Fix, Severity, blocking
from campaigns.review.reach import Reach, reaches_somebody
from campaigns.ways import provider_of
from contacts.models import Contact
from delivery.skeleton import Draft, preview
from templates_app import liquid
from templates_app.problems import SourceErrors
from templates_app.variables import known_names


@dataclass(frozen=True, slots=True)
class Review:
    """`checks` in the order pages show them: what blocks first, then what deserves a look, then what is good."""

    checks: list[Check]

    @property
    def blocking(self) -> list[Check]:
        return self._of(Severity.BLOCKING)

    @property
    def looks(self) -> list[Check]:
        return self._of(Severity.LOOK)

    @property
    def goods(self) -> list[Check]:
        return self._of(Severity.GOOD)

    @property
    def verdict(self) -> str:
        """bad, warn or ok: the worst there is."""
        return Severity.BLOCKING if self.blocking else Severity.LOOK if self.looks else Severity.GOOD

    def _of(self, severity: Severity) -> list[Check]:
        return [check for check in self.checks if check.severity == severity]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one person reads. `problem` says why it cannot be shown; the rest is then empty."""

    subject: str = ""
    preheader: str = ""
    html: str = ""
    octets: int = 0  # of the HTML once its links are rewritten
    problem: str = ""


def review(*, campaign: Campaign, reach: Reach | None = None) -> Review:
    """Look at everything that could go wrong, as things are at this moment.

    Without the `reach`, one look tells whether anybody would get it: a click waits as long whatever the size of a list.
    """
    has_recipients = reach.recipient_count > 0 if reach else reaches_somebody(campaign)
    order = [Severity.BLOCKING, Severity.LOOK, Severity.GOOD]
    return Review(sorted(_checks(campaign, has_recipients), key=lambda check: order.index(check.severity)))


def _checks(campaign: Campaign, has_recipients: bool) -> Iterator[Check]:
    own = organisation()
    yield from setup.check_organisation(own)
    yield from setup.check_audience(has_lists=bool(campaign.lists.all()), has_recipients=has_recipients)
    yield from setup.check_template(campaign)
    if campaign.template_version is not None:
        words = message.Words(
            subject=campaign.subject,
            preheader=campaign.preheader,
            html=campaign.template_version.html,
            source=campaign.template_version.source,
            language=campaign.language,
        )
        yield from message.check_subject(words)
        yield from message.check_preheader(words)
        yield from _liquid_checks(words)
        yield from message.check_unsubscribe(words)
        yield from message.check_address(words, address=own.address)
        yield from message.check_links(words)
        yield from message.check_images(words)
    provider = provider_of(campaign)
    yield from setup.check_sender(campaign.sender, provider=provider)
    yield from setup.check_stream(campaign)
    yield from setup.check_provider(provider)
    yield from setup.check_alignment(campaign.sender, provider=provider, now=timezone.now())
    yield from setup.check_way_out(provider)


def _liquid_checks(words: message.Words) -> Iterator[Check]:
    """Names nobody defines, text that cannot be read, and the size of what one person gets."""
    known = known_names()
    undefined: dict[Fix, set[str]] = {Fix.CONTENT: set(), Fix.TEMPLATE: set()}
    parts = (
        (_("The subject cannot be read"), words.subject, Fix.CONTENT),
        (_("The preheader cannot be read"), words.preheader, Fix.CONTENT),
        (_("The template cannot be read"), words.html, Fix.TEMPLATE),
    )
    for complaint, text, fix in parts:
        try:
            undefined[fix] |= set(liquid.undefined_names(text, known=known))
        except SourceErrors as error:
            yield blocking("liquid", complaint, str(error), fix=fix)
            return
    yield from setup.check_names(undefined)
    shown = _shown(words, contact=None)
    if shown.problem:
        yield blocking("cannot_render", _("The message cannot be made"), shown.problem, fix=Fix.TEMPLATE)
    else:
        yield from message.check_size(octets=shown.octets)


def show(*, campaign: Campaign, contact: Contact | None) -> Shown:
    """The draft as `contact` will read it (nobody: empty fields). Its links lead nowhere, it has no pixel."""
    version = campaign.template_version
    words = message.Words(
        subject=campaign.subject,
        preheader=campaign.preheader,
        html=version.html if version else "",
        source=version.source if version else "",
        language=campaign.language,
    )
    lists = list(campaign.lists.all())
    return _shown(words, contact=contact, list_name=lists[0].name if lists else "")


# Columns with a default of the database hold an expression until the row is stored.
_NOBODY = Contact(address="", first_name="", last_name="", language="", fields={})


def _shown(words: message.Words, *, contact: Contact | None, list_name: str = "") -> Shown:
    draft = Draft(words.subject, words.html, words.preheader, language=words.language)
    try:
        found = preview(draft, contact=contact or _NOBODY, list_name=list_name)
    except (SourceErrors, liquid.CannotRender) as error:
        return Shown(problem=str(error))
    return Shown(subject=found.subject, preheader=found.preheader, html=found.html, octets=found.size)
