"""The button and what can still be done after it: undo, pause, resume, cancel."""

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request
from accounts.models import User
from campaigns import services
from campaigns.forecasts import forecast_of
from campaigns.forms import SendForm, ShareForm
from campaigns.models import UNDO, Campaign
from campaigns.queries import place_of
from campaigns.review import show
from campaigns.tasks import ring_at, ring_for_count
from campaigns.views.common import find, head, known_reach
from delivery.limits import brake


@require_POST
def send(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    form = SendForm(request.POST)
    if not form.is_valid():
        for problems in form.errors.get_json_data().values():
            for problem in problems:
                messages.error(request, problem["message"])
        return redirect("campaigns:review", pk=pk)
    clean = form.cleaned_data
    services.set_rhythm(campaign=campaign, rhythm=form.rhythm())
    seen = services.Seen(updated_at=clean["seen_at"], recipient_count=clean["seen_count"])
    try:
        starts_at = services.start_campaign(
            campaign=campaign, user=request.user, now=timezone.now(), at=clean["at"], seen=seen
        )
    except services.CampaignRefused as refused:
        for problem in refused.problems:
            messages.error(request, problem)
        return redirect("campaigns:review", pk=pk)
    transaction.on_commit(lambda: ring_for_count(pk))
    if clean["at"] is None:
        transaction.on_commit(lambda: ring_at(starts_at))
    return redirect("campaigns:scheduled", pk=pk)


@require_safe
def scheduled(request: Request, pk: int) -> HttpResponse:
    """It waits for its time. In the last seconds the page counts them, and moves on by itself when it has left."""
    campaign = find(pk)
    if not campaign.is_scheduled or campaign.starts_at is None:
        if request.htmx:
            response = HttpResponse()
            response["HX-Redirect"] = reverse(place_of(campaign), args=[pk])
            return response
        return redirect(place_of(campaign), pk=pk)
    left = campaign.starts_at - timezone.now()
    seconds = max(0, round(left.total_seconds()))
    context = head(campaign) | {
        "seconds": seconds,
        "undo_seconds": int(UNDO.total_seconds()),
        "is_leaving": left <= UNDO,
    }
    if not context["is_leaving"]:
        reach = known_reach(request, campaign)
        context |= {
            "reach": reach,
            "shown": show(campaign=campaign, contact=None),
            "forecast": reach and forecast_of(campaign, now=timezone.now(), at=campaign.starts_at, reach=reach),
        }
    is_tick = request.htmx and "counts" not in request.GET
    template = "campaigns/_countdown.html" if is_tick else "campaigns/scheduled.html"
    return render(request, template, context)


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    if services.undo(campaign=campaign, user=request.user):
        messages.success(request, _("Nothing has left. The campaign is a draft again."))
        return redirect("campaigns:review", pk=pk)
    messages.error(request, _("Too late to undo: it is leaving. You can still pause it."))
    return redirect("campaigns:show", pk=pk)


@require_POST
def pause(request: Request, pk: int) -> HttpResponse:
    return _tell(request, pk, services.pause, _("Paused. What was on its way to the provider ends first."))


@require_POST
def resume(request: Request, pk: int) -> HttpResponse:
    return _tell(request, pk, services.resume, _("It goes on where it had stopped."))


@require_POST
def cancel(request: Request, pk: int) -> HttpResponse:
    return _tell(request, pk, services.cancel, _("Cancelled. Whoever had not been written to never will be."))


@require_POST
def go_on(request: Request, pk: int) -> HttpResponse:
    return _decide(request, pk, brake.go_on, _("It leaves; should it get worse, it stops again."))


@require_POST
def give_up(request: Request, pk: int) -> HttpResponse:
    return _decide(request, pk, brake.give_up, _("Nobody else there is written to."))


def _decide(request: Request, pk: int, verb: Callable[..., bool], said: str) -> HttpResponse:
    """What a person says of the shares of some mailbox providers."""
    campaign = find(pk)
    form = ShareForm(request.POST)
    values = {"mailing_id": campaign.mailing_id, "user": request.user, "now": timezone.now()}
    if campaign.mailing_id and form.is_valid() and verb(mx_groups=form.cleaned_data["share"], **values):
        messages.success(request, said)
    else:
        messages.warning(request, _("Nothing changed: the campaign is already further on."))
    return redirect("campaigns:show", pk=pk)


def _tell(request: Request, pk: int, verb: Callable[..., bool], said: str) -> HttpResponse:
    campaign: Campaign = find(pk)
    user: User = request.user
    if verb(campaign=campaign, user=user):
        messages.success(request, said)
    else:
        messages.warning(request, _("Nothing changed: the campaign is already further on."))
    return redirect("campaigns:show", pk=pk)
