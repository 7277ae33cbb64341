"""An installation in the middle of its life: the sample, and beside it whatever else a page can show."""

import io
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile

from accounts.api_keys import issue_key
from accounts.models import ApiKey, User
from campaigns import services as campaigns
from campaigns.models import Campaign
from catcher.models import CaughtMessage
from common import tokens
from contacts import bulk, exports, imports, services
from contacts.filters import EVERYBODY
from contacts.hygiene.quiet import make_forecasts, rule_of
from contacts.models import (
    AddressFlag,
    BulkChange,
    Confirmation,
    ConsentState,
    Contact,
    ContactField,
    ContactImport,
    ContactList,
    Duplicate,
    HygieneRule,
    HygieneRun,
    SubscribeForm,
    Sunset,
    Tag,
)
from deliverability.models import Sender, SendingDomain, WarmupDay, WarmupPlan
from deliverability.warmup import plans
from deliverability.warmup.judging import Signs, decide
from delivery.models import (
    Attempt,
    Brake,
    Cause,
    Guard,
    Limit,
    Mailing,
    Message,
    Outage,
    Outcome,
    Provider,
    Stream,
    StreamProvider,
)
from delivery.reasons import Reason
from delivery.streams import default_stream, ensure_streams
from templates_app.models import Template
from transactional.models import MessageRequest

# where each page is, by the name of its route: the arguments, once for each state worth looking at
Addresses = dict[str, list[tuple[Any, ...]]]


def a_full_world(user: User, *, now: datetime) -> Addresses:
    """Adds to a loaded sample; gives the arguments of the routes that take some."""
    mailing = Mailing.objects.order_by("pk")[0]
    return {
        **_people(user),
        **_imports(user),
        **_hygiene(now),
        **_forms(now),
        **_mails(mailing, now),
        **_providers(now),
        **_warm_ups(now),
        **_campaigns(user, now),
        **_templates(),
        **_transactional(user),
        "catcher:message": [(CaughtMessage.objects.latest("pk").pk,)],
    }


def _people(user: User) -> Addresses:
    field = services.create_field(
        label="Taille", key="size", kind=ContactField.Kind.CHOICE, options=["S", "M", "L"], is_fast=True
    )
    person = Contact.objects.filter(subscriptions__isnull=False).order_by("pk")[0]
    services.tag_contact(contact=person, name="Salon 2026")
    services.suppress(address_key="parti@courriel.example", reason=23, scope=0, origin="", at=person.created_at)
    change = bulk.ask_change(
        tree=EVERYBODY, action=BulkChange.Action.TAG, terms={"tag": Tag.objects.get().pk}, user=user
    )
    bulk.run_change(change.pk)
    exports.run_export(exports.ask_export(tree=EVERYBODY, format="csv", user=user).pk)
    exports.ask_export(tree=EVERYBODY, format="xlsx", user=user)
    return {
        "contacts:contact": [(person.pk,)],
        "contacts:edit_contact": [(person.pk,)],
        "contacts:edit_list": [(ContactList.objects.order_by("pk")[0].pk,)],
        "contacts:edit_tag": [(Tag.objects.get().pk,)],
        "contacts:edit_field": [(field.pk,)],
        "contacts:bulk": [(change.pk,)],
    }


_PEOPLE = "email,first_name,city\nanna@courriel.example,Anna,Lyon\n,Sans,Adresse\n"
_MAILCHIMP = "Email Address,First Name,MEMBER_RATING,LEID\nlea@courriel.example,Léa,2,1\n"


def _imports(user: User) -> Addresses:
    """A dry run, a finished one with a refused row, one that was undone, and the ZIP of another product."""

    def matched() -> ContactImport:
        job, _facts = imports.open_file(file=ContentFile(_PEOPLE.encode()), file_name="clients.csv", user=user)
        imports.match_columns(job=job, mapping=job.mapping)
        imports.state_consent(
            job=job, contact_list=ContactList.objects.order_by("pk")[0], consent_source="Ancien outil",
            tracking_consent=ConsentState.UNKNOWN,
        )  # fmt: skip
        return job

    checked, done, undone = matched(), matched(), matched()
    imports.start_trial(job=checked)
    imports.try_import(checked.pk)
    for job in (done, undone):
        imports.start_import(job=job)
        imports.run_import(job.pk)
    ContactImport.objects.filter(pk=undone.pk).update(
        state=ContactImport.State.UNDONE, undone={"removed": 1, "kept": 0}
    )
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        archive.writestr("subscribed_members_export.csv", _MAILCHIMP)
        archive.writestr("notes.csv", "email,city\nb@courriel.example,Aix\n")
    parcel = imports.open_files(file=ContentFile(octets.getvalue()), file_name="mailchimp.zip", user=user)
    return {
        "contacts:import": [(done.pk,), (undone.pk,)],
        "contacts:import_columns": [(parcel[0].pk,)],
        "contacts:import_consent": [(checked.pk,)],
        "contacts:import_check": [(checked.pk,)],
        "contacts:import_parcel": [(parcel[0].pk,)],
        "contacts:import_findings": [(checked.pk, "new"), (checked.pk, "changed")],
    }


def _hygiene(now: datetime) -> Addresses:
    """One person who is quiet, at a role address with a typing error, and twice here."""
    desk = services.add_contact(address="info@gmial.com", first_name="Standard")
    AddressFlag.objects.get_or_create(contact=desk, kind=AddressFlag.Kind.ROLE)
    Sunset.objects.create(contact=desk, contact_list_id=1, joined=True, asked_at=now, moved_at=now)
    other = services.add_contact(address="info+x@gmail.com", first_name="Standard")
    Duplicate.objects.create(first=desk, second=other, kind=Duplicate.Kind.MAILBOX)
    HygieneRule.objects.filter(pk=rule_of("sunset").pk).update(is_on=True, forecast_asked_at=now)
    make_forecasts(at=now)
    HygieneRun.objects.create(rule="sunset", at=now, counts={"asked": 1, "suppressed": 0})
    return {
        "contacts:merge": [(desk.pk, other.pk)],
        "contacts:flagged": [("typos",), ("roles",)],
        "contacts:rule": [("sunset",), ("retention",)],
        "contacts:quiet_people": [("sunset", "asked"), ("sunset", "back"), ("retention", "stayed")],
    }


def _forms(now: datetime) -> Addresses:
    words = {
        language: {"title": "Le lin", "introduction": "", "consent": consent, "tracking": "", "button": button}
        for language, consent, button in (("fr", "Oui", "M’abonner"), ("en", "Yes, please", "Join"))
    }
    form = SubscribeForm.objects.create(name="Pied de page", slug="maison", words=words, fields=[])
    form.lists.set(ContactList.objects.order_by("pk")[:1])
    posted = services.Posted(address="nils@courriel.example", language="fr")
    witness = services.Witness(at=now)
    services.post_form(form=form, posted=posted, witness=witness)
    asked = Confirmation.objects.latest("pk")
    services.post_form(form=form, posted=replace(posted, address="zoe@courriel.example"), witness=witness)
    late = Confirmation.objects.latest("pk")
    Confirmation.objects.filter(pk=late.pk).update(expires_at=now)
    person = Contact.objects.order_by("pk")[0]
    services.request_own(contact=person, kind=Confirmation.Kind.ERASURE, language="", witness=services.Witness(at=now))
    own = Confirmation.objects.latest("pk")
    return {
        "contacts:edit_form": [(form.pk,)],
        "contacts:subscribe": [(form.slug,)],
        "contacts:confirm": [
            (tokens.encode(tokens.Purpose.CONFIRM, mailing=0, message=row.pk),) for row in (asked, late, own)
        ],
    }


def _mails(mailing: Mailing, now: datetime) -> Addresses:
    """Somebody with a doubt, somebody refused, and the doors that stand in every mail."""
    first, second, third = Message.objects.filter(mailing=mailing).order_by("pk")[:3]
    Outcome.objects.filter(pk=first.pk).update(
        state=Outcome.State.UNKNOWN, reason=Reason.REPLY_LOST, reply="connection reset by peer"
    )
    Outcome.objects.filter(pk=second.pk).update(
        state=Outcome.State.REFUSED, reason=Reason.REFUSED_ADDRESS, reply="550 5.1.1 no such user"
    )
    Attempt.objects.create(
        message_id=first.pk, claim=1, round=0, phase=2, code=451, at=now, reply="451 4.7.1 Greylisted, try again later"
    )

    def door(purpose: tokens.Purpose) -> list[tuple[str]]:
        return [(tokens.encode(purpose, mailing=mailing.pk, message=third.pk),)]

    Guard.objects.update_or_create(defaults={"raised_at": now, "held_at": now, "lost_since": now - timedelta(hours=3)})
    return {
        "delivery:message": [(first.pk,), (second.pk,), (third.pk,)],
        "delivery:doubts": [(mailing.pk,)],
        "feedback:unsubscribe": door(tokens.Purpose.UNSUBSCRIBE),
        "feedback:tracking": door(tokens.Purpose.TRACKING),
        "feedback:preferences": door(tokens.Purpose.PREFERENCES),
    }


def _providers(now: datetime) -> Addresses:
    """A relay with limits, and a stream whose first account is out of order."""
    relay = Provider.objects.create(
        name="Serveur maison", kind="smtp", options={"host": "127.0.0.1", "port": 25, "is_direct": True}
    )
    brevo = Provider.objects.create(name="Brevo", kind="brevo", credentials={"api_key": "x"}, tested_at=now)
    Limit.objects.create(provider=relay, mx_group=1, unit=Limit.Unit.DAY, amount=40_000)
    ensure_streams()
    stream = default_stream(Stream.Kind.MARKETING)
    for position, provider in enumerate((brevo, relay)):
        StreamProvider.objects.create(stream=stream, provider=provider, position=position)
    Outage.objects.create(
        provider=brevo, cause=Cause.ACCOUNT, words='{"code":"unauthorized"}', struck_at=now, began_at=now, try_at=now
    )
    return {
        "delivery:new_provider": [("smtp",), ("brevo",), ("amazon_ses",)],
        "delivery:provider": [(relay.pk,), (brevo.pk,)],
        "delivery:limits": [(relay.pk,)],
        "delivery:mailbox_limits": [(relay.pk, 1)],
        "delivery:stream": [(stream.pk,)],
        "delivery:alignments": [(brevo.pk,)],
        "delivery:domain": [(SendingDomain.objects.order_by("pk")[0].pk,)],
        "delivery:alignment": [(brevo.pk, SendingDomain.objects.order_by("pk")[0].pk)],
        "feedback:provider_webhooks": [(brevo.pk,)],
    }


def _warm_ups(now: datetime) -> Addresses:
    domain = SendingDomain.objects.create(name="lettre.maison-verdier.example")
    yesterday = now.date() - timedelta(days=1)
    made = plans.start(domain=domain, groups=[1, 2, 4, 0], user=None, today=yesterday)
    for plan in made:
        WarmupDay.objects.create(plan=plan, on=yesterday, ceiling=plan.ceiling, reserved_count=plan.ceiling)
        signs = Signs(sent=90, deferred=30 if plan.mx_group == 4 else 0)
        decide(plan, signs, on=yesterday, judged_to=yesterday, now=now)
    plans.keep(WarmupPlan.objects.get(mx_group=2), user=None)
    return {
        "deliverability:sender": [(Sender.objects.order_by("pk")[0].pk,)],
        "deliverability:warmup": [(WarmupPlan.objects.get(mx_group=4).pk,)],
    }


def _campaigns(user: User, now: datetime) -> Addresses:
    """A draft, one that is scheduled, one on its way with a share stopped, and a finished one."""
    draft = Campaign.objects.get(mailing=None)
    scheduled = campaigns.duplicate_campaign(campaign=draft, user=user)
    campaigns.start_campaign(campaign=scheduled, user=user, now=now, at=now + timedelta(days=2))
    running, finished = Campaign.objects.filter(mailing__isnull=False).order_by("-pk")[:2]
    Mailing.objects.filter(pk=running.mailing_id).update(state=Mailing.State.SENDING, finished_at=None)
    for group, values in (
        (1, {"state": Brake.State.STOPPED, "kind": Brake.Kind.HARD_BOUNCES, "value": 0.0482, "limit": 0.02}),
        (3, {"state": Brake.State.SLOWED, "kind": Brake.Kind.DEFERRALS, "value": 0.137, "limit": 0.1}),
        (4, {"wave_done_at": now}),
        (6, {"wave_done_at": now}),
    ):
        Brake.objects.create(mailing_id=running.mailing_id, mx_group=group, wave_size=100, **values)
    return {
        "campaigns:audience": [(draft.pk,)],
        "campaigns:content": [(draft.pk,)],
        "campaigns:review": [(draft.pk,)],
        "campaigns:scheduled": [(scheduled.pk,)],
        "campaigns:live": [(running.pk,)],
        "campaigns:report": [(finished.pk,)],
        "campaigns:message": [(finished.pk,)],
        "campaigns:people": [(finished.pk,)],
    }


def _templates() -> Addresses:
    template = Template.objects.order_by("pk")[0]
    return {
        "templates:edit": [(template.pk,)],
        "templates:versions": [(template.pk,)],
        "templates:version": [(template.current_id,)],
    }


def _transactional(user: User) -> Addresses:
    key = issue_key(name="Boutique", scopes=list(ApiKey.Scope), per_minute=60, user=user).key
    for number, error in ((1, ""), (2, "no such template")):
        MessageRequest.objects.create(
            uuid=f"01938f2e-0000-7000-8000-00000000000{number}", api_key=key, digest="x", subject="Votre reçu",
            html="<p>Merci</p>", sender=Sender.objects.order_by("pk")[0], language="fr",
            address="camille@courriel.example", address_key="camille@courriel.example", error=error,
        )  # fmt: skip
    return {}
