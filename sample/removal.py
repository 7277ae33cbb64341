"""Everything marked as sample, gone; what the team made of it or with it stays theirs."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from campaigns.models import Campaign
from catcher.models import CaughtMessage
from contacts.models import (
    ConsentStatement,
    Contact,
    ContactField,
    ContactList,
    Suppression,
)
from deliverability.models import Sender
from deliverability.services import remove_sender
from delivery.models import Attempt, Batch, Mailing, Message, Outcome
from sample.contacts import CITY
from templates_app.models import Template
from templates_app.services import delete_template


@dataclass(frozen=True, slots=True)
class Removed:
    """What went, and what was kept because something of the team's own uses it."""

    people: int
    campaigns: int
    kept: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@transaction.atomic
def remove_all() -> Removed:
    """Remove it in one transaction."""
    campaigns = _remove_campaigns()
    kept = _keep_what_is_used()
    people = _remove_people()
    ContactList.objects.filter(is_sample=True).delete()
    for template in Template.objects.filter(is_sample=True):
        delete_template(template=template)
    for sender in Sender.objects.filter(is_sample=True).select_related("domain"):
        remove_sender(sender=sender)
    return Removed(people=people, campaigns=campaigns, kept=kept)


def _remove_campaigns() -> int:
    """Campaigns with their ledger and everything the world answered to it."""
    mailings = list(Mailing.objects.filter(is_sample=True).values_list("pk", flat=True))
    count = Campaign.objects.filter(is_sample=True).count()
    Campaign.objects.filter(is_sample=True).delete()
    with connection.cursor() as cursor:
        for table in ("feedback_event", "feedback_rollup", "feedback_mailingstats", "feedback_linkstats"):
            cursor.execute(f"delete from {table} where mailing_id = any(%s)", [mailings])  # noqa: S608
    ours = Message.objects.filter(mailing__in=mailings)
    Attempt.objects.filter(message_id__in=ours.values("pk")).delete()
    Outcome.objects.filter(mailing__in=mailings)._raw_delete("default")
    ours._raw_delete("default")
    Batch.objects.filter(mailing__in=mailings).delete()
    Mailing.objects.filter(pk__in=mailings).delete()
    return count


def _keep_what_is_used() -> int:
    """A template, sender or list that something of the team's stands on becomes the team's; returns how many."""
    theirs = Q(campaigns__isnull=False)
    templates = Template.objects.filter(is_sample=True, versions__campaigns__isnull=False).values("pk").distinct()
    senders = Sender.objects.filter(theirs, is_sample=True).values("pk").distinct()
    lists = ContactList.objects.filter(is_sample=True, subscriptions__contact__is_sample=False).values("pk").distinct()
    return (
        Template.objects.filter(pk__in=list(templates.values_list("pk", flat=True))).update(is_sample=False)
        + Sender.objects.filter(pk__in=list(senders.values_list("pk", flat=True))).update(is_sample=False)
        + ContactList.objects.filter(pk__in=list(lists.values_list("pk", flat=True))).update(is_sample=False)
    )


def _remove_people() -> int:
    """People with consents and subscriptions; their suppressions, their caught mail, the statements nobody needs."""
    sample = Contact.objects.filter(is_sample=True)
    keys = sample.values("address_key")
    Suppression.objects.filter(Q(is_sample=True) | Q(address_key__in=keys)).delete()
    CaughtMessage.objects.filter(rcpt_to__in=sample.values("address")).delete()
    statements = list(
        ConsentStatement.objects.filter(consents__contact__is_sample=True).values_list("pk", flat=True).distinct()
    )
    count = sample.count()
    sample.delete()
    ConsentStatement.objects.filter(pk__in=statements, consents__isnull=True, imports__isnull=True).delete()
    _remove_field()
    return count


def _remove_field() -> None:
    """The town, unless somebody of the team's own has one or a template of theirs names it."""
    field = ContactField.objects.filter(key=CITY).first()
    if field is None or Contact.objects.filter(fields__has_key=str(field.pk)).exists():
        return
    if not Template.objects.filter(is_sample=False, versions__source__contains=f"contact.{CITY}").exists():
        field.delete()
