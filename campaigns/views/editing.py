"""The list, and the steps of a draft."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import Request
from campaigns import queries, services
from campaigns.forms import AudienceForm, ContentForm
from campaigns.models import Campaign
from campaigns.phases import FILTERS
from campaigns.views.common import find, head
from common.paging import page


@require_safe
def campaign_list(request: Request) -> HttpResponse:
    phase, words = request.GET.get("state", ""), request.GET.get("q", "").strip()
    found = Campaign.objects.shown().prefetch_related("lists")
    if phase in FILTERS:
        found = found.in_phase(phase)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(subject__icontains=words))
    cut = page(found, order=("-updated_at", "-pk"), cursor=request.GET.get("cursor", ""))
    context = {
        "page": cut,
        "rows": queries.rows_of(cut.rows),
        "filters": queries.filters(reverse("campaigns:list"), current=phase, words=words),
        "state": phase if phase in FILTERS else "",
        "q": words,
        "is_filtered": bool(words or phase in FILTERS),
    }
    return render(request, "campaigns/list.html", context)


@require_safe
def show(request: Request, pk: int) -> HttpResponse:
    """Where a campaign is looked at depends on how far it is."""
    return redirect(queries.place_of(find(pk)), pk=pk)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    form = AudienceForm(request.POST or None, people=queries.people_by_list())
    if request.method == "POST" and form.is_valid():
        try:
            campaign = services.create_campaign(draft=form.draft(language=request.LANGUAGE_CODE), user=request.user)
        except services.CampaignRefused as refused:
            form.add_error("name", str(refused))
        else:
            return redirect("campaigns:content", pk=campaign.pk)
    return render(request, "campaigns/audience.html", {"form": form, "current": 1})


@require_http_methods(["GET", "POST"])
def audience(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    if not campaign.is_draft:
        return redirect("campaigns:show", pk=pk)
    form = AudienceForm(request.POST or None, people=queries.people_by_list(), campaign=campaign)
    if request.method == "POST" and (done := _save(request, campaign, form, on="campaigns:content")) is not None:
        return done
    return render(request, "campaigns/audience.html", head(campaign) | {"form": form, "current": 1})


@require_http_methods(["GET", "POST"])
def content(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    if not campaign.is_draft:
        return redirect("campaigns:show", pk=pk)
    form = ContentForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and (done := _save(request, campaign, form, on="campaigns:review")) is not None:
        return done
    return render(request, "campaigns/content.html", _content_page(campaign, form))


def _content_page(campaign: Campaign, form: ContentForm) -> dict[str, Any]:
    return head(campaign) | {"form": form, "current": 2, "names": queries.names()}


def _save(request: Request, campaign: Campaign, form: AudienceForm | ContentForm, *, on: str) -> HttpResponse | None:
    """Store a step and go where the pressed button says: `on`, or back to the list to go on another day. None when
    something is wrong; the form then says what."""
    if not form.is_valid():
        return None
    try:
        services.update_draft(campaign=campaign, draft=form.draft(), user=request.user)
    except services.CampaignRefused as refused:
        form.add_error(None, str(refused))
        return None
    if "later" in request.POST:
        messages.success(request, _("Saved. “%s” waits for you in the list.") % campaign.name)
        return redirect("campaigns:list")
    return redirect(on, pk=campaign.pk)


@require_POST
def duplicate(request: Request, pk: int) -> HttpResponse:
    copy = services.duplicate_campaign(campaign=find(pk), user=request.user)
    messages.success(request, _("Here is the copy: a draft with the same audience and message."))
    return redirect("campaigns:audience", pk=copy.pk)


@require_POST
def delete(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    try:
        services.delete_draft(campaign=campaign, user=request.user)
    except services.CampaignRefused as refused:
        messages.error(request, str(refused))
        return redirect("campaigns:show", pk=pk)
    messages.success(request, _("“%s” is deleted.") % campaign.name)
    return redirect("campaigns:list")
