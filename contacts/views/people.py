"""The contact table and one contact."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from common.paging import page
from contacts.addresses import BrokenAddress
from contacts.forms.people import ContactForm, JoinForm, NewContactForm
from contacts.mailbox_providers import BY_NUMBER
from contacts.models import (
    ConsentStatement,
    Contact,
    ContactExport,
    ContactList,
    Purpose,
    Subscription,
    Suppression,
    Tag,
)
from contacts.queries import (
    consents_of,
    filtered,
    named_fields,
    rows_of,
    size_of,
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
from contacts.views.frame import tabs

ORDERS = {"name": ("sort_key", "pk"), "-name": ("-sort_key", "-pk"), "added": ("pk",), "-added": ("-pk",)}


def _states() -> dict[str, str]:
    return {
        "mailable": _("reachable"),
        "left": _("unsubscribed"),
        "suppressed": _("suppressed, whatever the reason"),
        str(int(Suppression.Reason.HARD_BOUNCE)): _("dead address"),
        str(int(Suppression.Reason.COMPLAINED)): _("complained"),
    }


@require_GET
def table(request: Request) -> HttpResponse:
    """The contacts, found by name or address, filtered by list and state."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    list_id = request.GET.get("list", "")
    state = request.GET.get("state", "")
    state = state if state in _states() else ""
    sort = request.GET.get("sort", "")
    # What a search finds comes newest first: in the order of names the planner would walk to it through everybody.
    sort = sort if sort in ORDERS and not text else "-added"
    lists = list(ContactList.objects.all())
    chosen = next((row for row in lists if str(row.pk) == list_id), None)
    tags = list(Tag.objects.all()[:500])
    tag = next((row for row in tags if str(row.pk) == request.GET.get("tag", "")), None)
    people = filtered(text=text, contact_list=chosen.pk if chosen else None, state=state, tag=tag.pk if tag else None)
    found = page(people, order=ORDERS[sort], cursor=request.GET.get("cursor", ""))
    context = {
        "tabs": tabs("list"),
        "page": found,
        "rows": rows_of(found.rows),
        "size": size_of(people, is_whole_table=not (text or chosen or state or tag)),
        "search": text,
        "lists": lists,
        "chosen": chosen,
        "states": _states(),
        "state": state,
        "sort": sort,
        "tags": tags,
        "tag": tag,
        "formats": ContactExport.Format.choices,
        "is_filtered": bool(text or chosen or state or tag),
    }
    return render(request, "contacts/list.html", context)


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
        "join": join,
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
