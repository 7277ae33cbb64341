"""Warm-ups: every domain's plans, and one plan with its curve, its buttons and its log."""

from collections.abc import Callable
from datetime import UTC, date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.models import User
from common.paging import page
from deliverability.forms import CeilingsForm, StartWarmupForm
from deliverability.models import SendingDomain, WarmupPlan
from deliverability.warmup import plans
from deliverability.warmup.queries import bounds, curve_of, log_of, plans_of


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


@require_GET
def warmups(request: Request) -> HttpResponse:
    found = page(SendingDomain.objects.all(), order=["name", "pk"], cursor=request.GET.get("cursor", ""), size=20)
    shown = {"page": found, "domains": plans_of(found.rows, today=_today())}
    return render(request, "deliverability/warmups.html", shown)


@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    domain = get_object_or_404(SendingDomain, pk=pk)
    form = StartWarmupForm(request.POST)
    if form.is_valid():
        made = plans.start(domain=domain, groups=form.cleaned_data["groups"], user=request.user, today=_today())
        words = ngettext("%(count)d plan has begun.", "%(count)d plans have begun.", len(made))
        messages.success(request, words % {"count": len(made)})
    else:
        messages.error(request, _("Choose at least one mailbox provider."))
    return redirect("deliverability:warmups")


@require_http_methods(["GET", "POST"])
def plan(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(WarmupPlan.objects.select_related("domain"), pk=pk)
    form = CeilingsForm(request.POST or None, initial={"ceilings": "\n".join(map(str, found.ceilings))})
    if request.method == "POST" and form.is_valid():
        if plans.change_ceilings(found, ceilings=form.cleaned_data["ceilings"], user=request.user):
            messages.success(request, _("Saved."))
        return redirect("deliverability:warmup", pk)
    today = _today()
    [domain] = plans_of([found.domain], today=today)
    shown = {
        "plan": found,
        "row": next(row for row in domain.rows if row.plan.pk == pk),
        "curve": curve_of(found, today=today),
        "log": log_of(found),
        "bounds": bounds(),
        "form": form,
        "today": today,
    }
    return render(request, "deliverability/warmup.html", shown)


@require_POST
def keep(request: Request, pk: int) -> HttpResponse:
    return _done(request, pk, plans.keep, _("The ceiling stays as it is until you let it go on."))


@require_POST
def release(request: Request, pk: int) -> HttpResponse:
    return _done(request, pk, plans.release, _("The plan goes on."))


@require_POST
def finish(request: Request, pk: int) -> HttpResponse:
    return _done(request, pk, plans.finish, _("The warm-up has ended; there is no ceiling any more."))


def _done(request: Request, pk: int, verb: Callable[..., bool], words: str) -> HttpResponse:
    found = get_object_or_404(WarmupPlan, pk=pk)
    user: User = request.user
    if verb(found, user=user):
        messages.success(request, words)
    else:
        messages.error(request, _("The plan has moved on meanwhile."))
    return redirect("deliverability:warmup", pk)
