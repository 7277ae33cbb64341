"""One contact."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from contacts.addresses import BrokenAddress
from contacts.forms.hygiene import OtherContactForm
from contacts.forms.people import ContactForm, JoinForm, NewContactForm
from contacts.mailbox_providers import BY_NUMBER
from contacts.models import (
    ConsentStatement,
    Contact,
    ContactList,
    Purpose,
    Subscription,
    Suppression,
    Tag,
)
from contacts.queries import (
    consents_of,
    named_fields,
    standing_of,
    tracking_consent_of,
)
from contacts.services import (
    ContactRefused,
    add_contact,
    change_contact,
    erase_contact,
    remove_contact,
    state_source,
    subscribe,
    suppress,
    unsubscribe,
)
from contacts.timeline import timeline_of


@require_GET
def show(request: Request, pk: int) -> HttpResponse:
    """One contact: identity, state with its reason, consents with proof, lists, what happened."""
    contact = get_object_or_404(Contact, pk=pk)
    return render(request, "contacts/contact.html", _contact_context(contact, JoinForm()))


def _contact_context(contact: Contact, join: JoinForm) -> dict[str, Any]:
    subscriptions = list(
        Subscription.objects.filter(contact=contact).select_related("contact_list").order_by("contact_list__name")
    )
    suppressions = list(Suppression.objects.filter(address_key=contact.address_key).order_by("scope"))
    consents = consents_of(contact)
    return {
        "contact": contact,
        "standing": standing_of(contact, subscriptions, suppressions),
        "subscriptions": subscriptions,
        "suppressions": suppressions,
        "consents": [row for row in consents if row.purpose == Purpose.MAILING],
        "opens": tracking_consent_of(consents, Purpose.OPENS),
        "clicks": tracking_consent_of(consents, Purpose.CLICKS),
        "fields": named_fields(contact),
        "provider": BY_NUMBER.get(contact.mx_group),
        "entries": timeline_of(contact),
        "tags": Tag.objects.filter(links__contact=contact),
        "tag_names": Tag.objects.values_list("name", flat=True)[:500],
        "join": join,
        "flags": contact.flags.filter(settled_at=None).order_by("-kind"),
        "other": OtherContactForm(auto_id="other_%s"),
    }


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    form = NewContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        statement = None
        if given["contact_list"]:
            statement = state_source(origin=ConsentStatement.Origin.STAFF, source=given["source"])
        try:
            contact = add_contact(
                address=given["address"],
                first_name=given["first_name"],
                last_name=given["last_name"],
                language=given["language"],
                fields=given["fields"],
            )
            if statement:
                subscribe(contact=contact, contact_list=given["contact_list"], statement=statement)
        except ContactRefused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, _("The contact was added."))
            return redirect("contacts:contact", contact.pk)
    return render(request, "contacts/edit.html", {"form": form})


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    form = ContactForm(request.POST or None, contact=contact)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        contact.fields = given["fields"]
        try:
            change_contact(
                contact=contact,
                address=given["address"],
                first_name=given["first_name"],
                last_name=given["last_name"],
                language=given["language"],
                time_zone=given["time_zone"],
            )
        except (ContactRefused, BrokenAddress) as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:contact", contact.pk)
    return render(request, "contacts/edit.html", {"form": form, "contact": contact})


@require_POST
def join(request: Request, pk: int) -> HttpResponse:
    """Put the person on a list, on a proof written down now."""
    contact = get_object_or_404(Contact, pk=pk)
    form = JoinForm(request.POST)
    if not form.is_valid():
        return render(request, "contacts/contact.html", _contact_context(contact, form), status=422)
    statement = state_source(origin=ConsentStatement.Origin.STAFF, source=form.cleaned_data["source"])
    try:
        subscribe(contact=contact, contact_list=form.cleaned_data["contact_list"], statement=statement)
    except ContactRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Added to the list."))
    return redirect("contacts:contact", pk)


@require_POST
def leave(request: Request, pk: int) -> HttpResponse:
    """Take the person off one list, or everything."""
    contact = get_object_or_404(Contact, pk=pk)
    number = request.POST.get("list", "")
    contact_list = get_object_or_404(ContactList, pk=number) if number.isdigit() else None
    statement = state_source(
        origin=ConsentStatement.Origin.STAFF, source=_("unsubscribed by %(name)s") % {"name": request.user}
    )
    unsubscribe(contact=contact, contact_list=contact_list, at=timezone.now(), statement=statement)
    messages.success(request, _("Unsubscribed."))
    return redirect("contacts:contact", pk)


@require_POST
def forbid(request: Request, pk: int) -> HttpResponse:
    """Put the address on the suppression list."""
    contact = get_object_or_404(Contact, pk=pk)
    suppress(
        address_key=contact.address_key,
        reason=Suppression.Reason.MANUAL,
        scope=Suppression.Scope.ALL,
        origin=str(request.user),
        at=timezone.now(),
    )
    messages.success(request, _("This address will not be written to any more."))
    return redirect("contacts:contact", pk)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    if request.POST.get("erase"):
        erase_contact(contact=contact, at=timezone.now(), user=request.user)
        messages.success(request, _("The contact was erased. No import can bring them back."))
        return redirect("contacts:list")
    audit(verb="contact.remove", target=f"contact:{pk}", user=request.user)
    remove_contact(contact=contact)
    messages.success(request, _("The contact was deleted."))
    return redirect("contacts:list")
