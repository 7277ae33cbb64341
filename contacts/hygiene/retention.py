"""The end of retention: three years after a person's last own act they are asked once, then erased.

The question is a Confirmation of kind STAY: its mail goes through the ledger, its page asks, its button keeps.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from contacts.hygiene.quiet import quiet_people, rule_of
from contacts.models import Confirmation, Contact, HygieneRule, HygieneRun
from contacts.services.erasure import erase_contact

Kind, State = Confirmation.Kind, Confirmation.State
A_DAY = 1_000  # questions, and erasures: whoever switches the rule on can still switch it off
_MAIL_TIME = timedelta(days=3)  # for the mail to leave; the days to answer begin then


def run_retention(*, at: datetime) -> HygieneRun | None:
    """One pass of the rule; None while it is off. `counts`: erased, asked."""
    rule = rule_of(HygieneRule.Kind.RETENTION)
    if not rule.is_on:
        return None
    run = HygieneRun.objects.create(rule=rule.kind, at=at)
    run.counts = {"erased": _erase(rule, at), "asked": _ask(rule, at)}
    run.save(update_fields=["counts"])
    return run


def unanswered(rule: HygieneRule, *, at: datetime) -> "QuerySet[Confirmation]":
    """Questions whose mail left long enough ago, and whose person has done nothing of their own since."""
    done = Q(contact__engagement__last_clicked_at__gt=F("asked_at"))
    done |= Q(contact__engagement__last_own_at__gt=F("asked_at"))
    asked = Confirmation.objects.filter(kind=Kind.STAY, mailed_at__lte=at - timedelta(days=rule.answer_days))
    stirred = Confirmation.objects.filter(done, kind=Kind.STAY)
    return asked.filter(mail_due_at=None).exclude(state=State.CONFIRMED).exclude(pk__in=stirred.values("pk"))


def _erase(rule: HygieneRule, at: datetime) -> int:
    """One transaction a person: erasing asks every floor. Each leaves an audit entry."""
    numbers = list(unanswered(rule, at=at).order_by("pk").values_list("pk", flat=True)[:A_DAY])
    erased = 0
    for number in numbers:
        with transaction.atomic():
            row = unanswered(rule, at=at).select_for_update(of=("self",)).filter(pk=number).first()
            if row is not None:  # they may have answered a second ago
                erase_contact(contact=row.contact, at=at, by="the retention rule")
                erased += 1
    return erased


def _ask(rule: HygieneRule, at: datetime) -> int:
    numbers: list[int] = []
    for block in quiet_people(rule, before=at - timedelta(days=rule.quiet_days)):
        numbers += [number for number, _alive in block]
        if len(numbers) >= A_DAY:
            break
    people = Contact.objects.filter(pk__in=numbers[:A_DAY]).order_by("pk")
    made = Confirmation.objects.bulk_create(
        (
            Confirmation(
                kind=Kind.STAY,
                contact=contact,
                address=contact.address,
                language=contact.language or settings.LANGUAGE_CODE,
                asked_at=at,
                expires_at=at + timedelta(days=rule.answer_days) + _MAIL_TIME,
                mail_due_at=at,
            )
            for contact in people
        ),
        ignore_conflicts=True,
    )
    return len(made)
