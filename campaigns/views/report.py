"""What came of a campaign, and the message that was sent."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import Request
from campaigns.figures.report import marks_on_message, report_of
from campaigns.queries import place_of
from campaigns.views.common import find, head
from common.policies import message_policy
from delivery.failover import carriers_of
from delivery.queries import message_for_team

_SPANS = {"48h": timedelta(hours=48), "10d": timedelta(days=10), "all": None}


@require_safe
def report_page(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    if campaign.mailing is None:
        return redirect(place_of(campaign), pk=pk)
    span = request.GET.get("span", "48h")
    span = span if span in _SPANS else "48h"
    is_plain = request.GET.get("message") == "plain"
    words = {"48h": _("48 hours"), "10d": _("10 days"), "all": _("Everything")}
    context = head(campaign) | {
        "report": report_of(campaign, campaign.mailing, span=_SPANS[span]),
        "spans": [{"word": words[name], "url": f"?span={name}#time", "is_current": name == span} for name in _SPANS],
        "carriers": carriers_of(campaign.mailing),
        "detours": campaign.mailing.detours.select_related("provider").order_by("began_at"),
        "is_plain": is_plain,
        "looks": [
            {"word": _("Where people clicked"), "url": "?#message", "is_current": not is_plain},
            {"word": _("As it was sent"), "url": "?message=plain#message", "is_current": is_plain},
        ],
        "is_under_way": place_of(campaign) == "campaigns:live",
    }
    return render(request, "campaigns/report.html", context)


@message_policy
@require_safe
def message(request: Request, pk: int) -> HttpResponse:
    """The message as the first of its recipients got it, with `?heat` where people clicked; no link is anybody's."""
    mailing = find(pk).mailing
    html = None
    if mailing is not None:
        marks = marks_on_message(mailing) if "heat" in request.GET else {}
        html = message_for_team(mailing_id=mailing.pk, message_id=mailing.first_message_id or 0, marks=marks)
    if html is None:
        raise Http404
    return HttpResponse(html)
