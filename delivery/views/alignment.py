"""Sending domains at an account: what the DNS says, what is missing, what a person says."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from common.paging import page
from deliverability.models import SendingDomain
from delivery import alignment
from delivery.alignment.pages import at_accounts, rows_of, shown
from delivery.forms.alignment import SigningForm, WordForm
from delivery.models import Alignment, Provider


@require_GET
def domains(request: Request, pk: int) -> HttpResponse:
    """Every sending domain at one account."""
    found = get_object_or_404(Provider, pk=pk, is_catcher=False)
    listed = page(SendingDomain.objects.all(), order=["name", "pk"], cursor=request.GET.get("cursor", ""), size=50)
    rows = rows_of(found, list(listed.rows), now=timezone.now())
    return render(request, "delivery/alignments.html", {"provider": found, "rows": rows, "page": listed})


@require_GET
def accounts(request: Request, domain: int) -> HttpResponse:
    """Every account for one sending domain."""
    found = get_object_or_404(SendingDomain, pk=domain)
    rows = at_accounts(found, now=timezone.now())
    return render(request, "delivery/domain.html", {"domain": found, "rows": rows})


@require_http_methods(["GET", "POST"])
def domain(request: Request, pk: int, domain: int) -> HttpResponse:
    """One domain at one account; posting says how it signs, and asks the DNS at once."""
    row = _row(pk, domain)
    form = SigningForm(request.POST or None, row=row, has_spf=alignment.keeps_envelope(row.provider))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        alignment.describe(
            row, selectors=given["selectors"], spf_via=given.get("spf_via", ""), user=request.user, now=timezone.now()
        )  # fmt: skip
        return _asked(request, row)
    context = shown(row, now=timezone.now()) | {"form": form}
    return render(request, "delivery/alignment.html", context)


@require_POST
def look(request: Request, pk: int, domain: int) -> HttpResponse:
    """Ask the DNS now."""
    return _asked(request, _row(pk, domain))


@require_POST
def say(request: Request, pk: int, domain: int) -> HttpResponse:
    """A person's word, or that it is taken back."""
    row = _row(pk, domain)
    form = WordForm(request.POST)
    form.full_clean()
    alignment.confirm(
        domain=row.domain, provider=row.provider, is_aligned=form.cleaned_data["is_aligned"], user=request.user,
        now=timezone.now(),
    )  # fmt: skip
    return redirect("delivery:alignment", pk, domain)


def _row(pk: int, domain: int) -> Alignment:
    provider = get_object_or_404(Provider, pk=pk, is_catcher=False)
    found = get_object_or_404(SendingDomain, pk=domain)
    return alignment.row_of(provider, found)


def _asked(request: Request, row: Alignment) -> HttpResponse:
    if alignment.ask_again(row, now=timezone.now()):
        messages.success(request, _("The DNS was asked."))
    else:
        messages.error(request, _("No name server has answered. What was known before is kept."))
    return redirect("delivery:alignment", row.provider_id, row.domain_id)
