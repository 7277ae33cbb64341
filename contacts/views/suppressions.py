"""Addresses that must not be written to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from common.paging import page
from contacts.forms.lists import SuppressionForm
from contacts.models import Suppression
from contacts.services import forbid_address, lift_suppression
from contacts.views.frame import tabs

# Lifting what the person or their provider said takes an administrator.
_OURS = (Suppression.Reason.MANUAL, Suppression.Reason.SOFT_BOUNCES, Suppression.Reason.INACTIVE)


@require_GET
def table(request: Request) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()
    reason = request.GET.get("reason", "")
    rows = Suppression.objects.select_related("contact_list")
    if text:
        rows = rows.filter(address_key__startswith=text.lower())
    if reason in map(str, Suppression.Reason.values):
        rows = rows.filter(reason=int(reason))
    context = {
        "tabs": tabs("suppressions"),
        "page": page(rows, order=("-created_at", "-pk"), cursor=request.GET.get("cursor", "")),
        "search": text,
        "reason": reason,
        "reasons": [(str(number), label) for number, label in Suppression.Reason.choices],
        "ours": _OURS,
    }
    return render(request, "contacts/suppressions.html", context)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        forbid_address(entered=form.cleaned_data, user=request.user, at=timezone.now())
        messages.success(request, _("This address will not be written to any more."))
        return redirect("contacts:suppressions")
    return render(request, "contacts/edit_suppression.html", {"form": form})


@require_POST
def lift(request: Request, pk: int) -> HttpResponse:
    suppression = get_object_or_404(Suppression, pk=pk)
    if suppression.reason not in _OURS and not request.user.is_staff:
        messages.error(request, _("Only an administrator can take this address off the list."))
    else:
        lift_suppression(suppression=suppression, user=request.user)
        messages.success(request, _("The address can be written to again."))
    return redirect("contacts:suppressions")
