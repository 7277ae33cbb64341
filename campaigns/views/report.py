"""What came of a campaign, and the message that was sent."""

from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import Request
from campaigns.figures.report import report_of
from campaigns.queries import place_of
from campaigns.views.common import find, head
from common.policies import message_policy
from delivery.queries import message_html

_SPANS = {"48h": timedelta(hours=48), "10d": timedelta(days=10), "all": None}


@require_safe
def report_page(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    if campaign.mailing is None:
        return redirect(place_of(campaign), pk=pk)
    span = request.GET.get("span", "48h")
    span = span if span in _SPANS else "48h"
    words = {"48h": _("48 hours"), "10d": _("10 days"), "all": _("Everything")}
    context = head(campaign) | {
        "report": report_of(campaign, campaign.mailing, span=_SPANS[span]),
        "spans": [{"word": words[name], "url": f"?span={name}#time", "is_current": name == span} for name in _SPANS],
        "is_under_way": place_of(campaign) == "campaigns:live",
    }
    return render(request, "campaigns/report.html", context)


@message_policy
@require_safe
def message(request: Request, pk: int) -> HttpResponse:
    """The message as the first of its recipients got it; links are those of the view in the browser, without pixel."""
    mailing = find(pk).mailing
    html = message_html(mailing_id=mailing.pk, message_id=mailing.first_message_id or 0) if mailing else None
    if html is None:
        raise Http404
    return HttpResponse(html)
