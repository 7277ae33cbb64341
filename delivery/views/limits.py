"""What an account may send: in all, and to one mailbox provider."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.http import Request
from delivery import alignment
from delivery.forms import LimitsForm, MailboxLimitsForm
from delivery.limits.limiter import set_account_limits
from delivery.limits.mailboxes import UNITS, mailbox_limits, set_mailbox_limits
from delivery.models import Limit, Provider


@require_http_methods(["GET", "POST"])
def limits(request: Request, pk: int) -> HttpResponse:
    """What an account may send, and which mailbox providers it is being careful with."""
    found = get_object_or_404(Provider, pk=pk)
    form = LimitsForm(request.POST or None, provider=found)
    if request.method == "POST" and form.is_valid():
        is_direct = form.cleaned_data["is_direct"]
        set_account_limits(provider=found, amounts=form.amounts(), is_direct=is_direct, user=request.user)
        alignment.forget(found.pk, is_another=False)  # SPF is read for a server that hands mail over itself
        messages.success(request, _("Saved."))
        return redirect("delivery:limits", pk=pk)
    rows = mailbox_limits(found)
    shown = {
        "provider": found,
        "form": form,
        "paces": found.paces.filter(step__gt=0).order_by("mx_group"),
        "limited": [row for row in rows if row.is_limited],
        "free": [row for row in rows if not row.is_limited],
        "units": [Limit.Unit(unit).label for unit in UNITS],
    }
    return render(request, "delivery/limits.html", shown)


@require_http_methods(["GET", "POST"])
def mailbox(request: Request, pk: int, group: int) -> HttpResponse:
    """One mailbox provider through one account: what is known, and what holds instead."""
    found = get_object_or_404(Provider, pk=pk)
    row = next((row for row in mailbox_limits(found) if row.number == group), None)
    if row is None:
        raise Http404
    form = MailboxLimitsForm(request.POST or None, row=row)
    if request.method == "POST" and form.is_valid():
        set_mailbox_limits(provider=found, mx_group=group, amounts=form.amounts(), user=request.user)
        messages.success(request, _("Saved."))
        return redirect("delivery:limits", pk=pk)
    return render(request, "delivery/mailbox_limits.html", {"provider": found, "row": row, "form": form})
