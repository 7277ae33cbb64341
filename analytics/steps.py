"""The first steps of an installation, measured, never ticked by hand."""

from dataclasses import dataclass, replace

from django.db.models import Exists
from django.utils.translation import gettext as _

from accounts.models import Organisation
from campaigns.models import Campaign
from contacts.models import Contact
from deliverability.models import Sender
from delivery.models import Mailing, Provider
from templates_app.models import Template


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    text: str
    icon: str
    route: str
    action: str
    is_done: bool
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """`steps` in order; the first one not done is the current one."""

    steps: list[Step]

    @property
    def done_count(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_over(self) -> bool:
        return self.done_count == len(self.steps)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there already, samples left out."""

    provider: bool
    sender: bool
    contacts: bool
    template: bool
    sent: bool


def facts() -> Facts:
    """One query: five questions about the existence of a row."""
    row = Organisation.objects.filter(pk=1).values_list(
        Exists(Provider.objects.filter(is_catcher=False, tested_at__isnull=False, test_error="")),
        Exists(Sender.objects.filter(is_sample=False)),
        Exists(Contact.objects.filter(is_sample=False)),
        Exists(Template.objects.filter(is_sample=False, current__isnull=False)),
        Exists(Campaign.objects.filter(is_sample=False, mailing__started_at__isnull=False)),
    )
    return Facts(*(row.first() or (False,) * 5))


def is_sending_sample_only() -> bool:
    """Whether sample mailings are all there is to show."""
    return not Mailing.objects.filter(is_test=False, is_sample=False, started_at__isnull=False).exists()


def progress(found: Facts, organisation: Organisation) -> Progress:
    """The six steps; where each stands."""
    return Progress(_with_current([*_who_and_whom(found, organisation), *_what_and_how(found)]))


def _who_and_whom(found: Facts, organisation: Organisation) -> list[Step]:
    return [
        Step(
            title=_("Say who you are"),
            text=_("%(name)s. Name and postal address stand at the foot of every campaign.")
            % {"name": organisation.name},
            icon="building",
            route="accounts:settings",
            action=_("Change"),
            is_done=organisation.is_complete,
        ),
        Step(
            title=_("Import your contacts"),
            text=_(
                "A CSV file of any encoding. What cannot be read is kept to be seen, and nobody who left comes back."
            ),
            icon="upload",
            route="contacts:imports",
            action=_("Import"),
            is_done=found.contacts,
        ),
        Step(
            title=_("Choose who writes"),
            text=_("The name and address people see first in their mailbox."),
            icon="user-check",
            route="deliverability:senders",
            action=_("Add a sender"),
            is_done=found.sender,
        ),
    ]


def _what_and_how(found: Facts) -> list[Step]:
    return [
        Step(
            title=_("Make a template"),
            text=_("MJML on the left, your message on the right, as one of your contacts will read it."),
            icon="template",
            route="templates:list",
            action=_("Make a template"),
            is_done=found.template,
        ),
        Step(
            title=_("Send a first campaign to the test inbox"),
            text=_("It goes the whole way and reaches nobody: open it, click, and see the figures come in."),
            icon="send",
            route="campaigns:new",
            action=_("Create a campaign"),
            is_done=found.sent,
        ),
        Step(
            title=_("Connect the provider that will deliver"),
            text=_("Any SMTP server, or Brevo, Mailgun, Postmark and others. Until then all goes to the test inbox."),
            icon="plug-connected",
            route="delivery:providers",
            action=_("Connect"),
            is_done=found.provider,
        ),
    ]


def _with_current(steps: list[Step]) -> list[Step]:
    current = next((number for number, step in enumerate(steps) if not step.is_done), None)
    return [replace(step, is_current=number == current) for number, step in enumerate(steps)]
