"""What deserves a look, and what people do about it: flagged addresses, duplicates, merging."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from common.paging import page
from contacts.addresses import BrokenAddress
from contacts.forms.hygiene import OtherContactForm
from contacts.hygiene import screens
from contacts.hygiene.correcting import correct as correct_address
from contacts.hygiene.correcting import settle as settle_flags
from contacts.hygiene.duplicates import dismiss as dismiss_pair
from contacts.hygiene.duplicates import open_duplicates
from contacts.hygiene.merging import merge_contacts, preview_merge
from contacts.models import AddressFlag, Contact, Duplicate
from contacts.queries import named_fields
from contacts.services import ContactRefused
from contacts.tasks import look_for_duplicates
from contacts.views.frame import tabs

FLAGS = {"roles": AddressFlag.Kind.ROLE, "typos": AddressFlag.Kind.TYPO}


@require_GET
def overview(request: Request) -> HttpResponse:
    return render(
        request,
        "contacts/hygiene/overview.html",
        {"tabs": tabs("hygiene"), "found": screens.overview(), "most": screens.MOST},
    )


@require_GET
def flagged(request: Request, kind: str) -> HttpResponse:
    """Addresses of one flag, for a look; `kind`: roles or typos."""
    if kind not in FLAGS:
        raise Http404
    rows = screens.open_flags(FLAGS[kind])
    found = page(rows, order=("-contact_id",), cursor=request.GET.get("cursor", ""))
    context = {"tabs": tabs("hygiene"), "kind": kind, "page": found}
    return render(request, "contacts/hygiene/flagged.html", context)


@require_POST
def correct(request: Request, pk: int) -> HttpResponse:
    """Write the address that was meant."""
    contact = get_object_or_404(Contact, pk=pk)
    try:
        correct_address(contact=contact, address=request.POST.get("address", ""), user=request.user)
    except (ContactRefused, BrokenAddress) as refusal:
        messages.error(request, str(refusal))
        other = Contact.objects.filter(address_key=request.POST.get("address", "").strip().lower()).first()
        if other:
            return redirect("contacts:merge", other.pk, pk)
    else:
        messages.success(request, _("The address was corrected."))
    return redirect(_back(request, pk))


@require_POST
def settle(request: Request, pk: int) -> HttpResponse:
    """The address is right as it is."""
    settle_flags(contact=get_object_or_404(Contact, pk=pk), at=timezone.now())
    messages.success(request, _("Noted: the address is right."))
    return redirect(_back(request, pk))


def _back(request: Request, pk: int) -> str:
    """The page of flags the button stood on, else the contact's."""
    kind = request.POST.get("from", "")
    return reverse("contacts:flagged", args=(kind,)) if kind in FLAGS else reverse("contacts:contact", args=(pk,))


@require_GET
def duplicates(request: Request) -> HttpResponse:
    found = page(open_duplicates(), order=("kind", "pk"), cursor=request.GET.get("cursor", ""), size=25)
    return render(request, "contacts/hygiene/duplicates.html", {"tabs": tabs("hygiene"), "page": found})


@require_POST
def look(request: Request) -> HttpResponse:
    """Have duplicates looked for now, in the background; each night does so, too."""
    look_for_duplicates.delay()
    messages.success(request, _("Looking: new pairs appear here within a minute or two."))
    return redirect("contacts:duplicates")


@require_POST
def dismiss(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(Duplicate, pk=pk)
    if dismiss_pair(duplicate=row.pk, at=timezone.now()):
        audit(verb="duplicate.dismiss", target=f"contact:{row.first_id}", user=request.user, other=row.second_id)
    messages.success(request, _("Noted: they are two people."))
    return redirect("contacts:duplicates")


@require_GET
def merge_with(request: Request, pk: int) -> HttpResponse:
    """From a contact's page to the preview, by the other's address."""
    contact = get_object_or_404(Contact, pk=pk)
    form = OtherContactForm(request.GET)
    if form.is_valid():
        return redirect("contacts:merge", contact.pk, form.cleaned_data["address"].pk)
    for errors in form.errors.values():
        messages.error(request, " ".join(map(str, errors)))
    return redirect("contacts:contact", pk)


@require_http_methods(["GET", "POST"])
def merge(request: Request, pk: int, other_pk: int) -> HttpResponse:
    """GET shows who would be left; POST merges."""
    kept, other = get_object_or_404(Contact, pk=pk), get_object_or_404(Contact, pk=other_pk)
    try:
        if request.method == "POST":
            merge_contacts(kept=kept, other=other, user=request.user, at=timezone.now())
            messages.success(request, _("The two contacts are one now."))
            return redirect("contacts:contact", kept.pk)
        after = preview_merge(kept=kept, other=other)
    except ContactRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("contacts:contact", kept.pk)
    shown = Contact(fields=after.fields)
    context = {"kept": kept, "other": other, "after": after, "fields": named_fields(shown), "tabs": tabs("hygiene")}
    return render(request, "contacts/hygiene/merge.html", context)
