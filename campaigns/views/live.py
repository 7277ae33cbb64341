"""The page that is looked at while a campaign leaves."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import Request
from campaigns.figures.live import live_of
from campaigns.queries import place_of, plain_subject
from campaigns.views.common import find, head
from delivery.holds import holds_of

_STOP_POLLING = 286  # htmx's own code


@require_safe
def live_page(request: Request, pk: int) -> HttpResponse:
    """The whole page; for htmx the part that moves, and the bar above it only when the state has changed."""
    campaign = find(pk)
    if campaign.mailing is None:
        return redirect(place_of(campaign), pk=pk)
    live = live_of(campaign.mailing)
    holds = holds_of(campaign.mailing, now=timezone.now())
    context: dict[str, Any] = head(campaign) | {
        "live": live,
        "stopped": [hold for hold in holds if hold.may_give_up],
        "holds": [hold for hold in holds if not hold.may_give_up],
        "subject": plain_subject(campaign.subject),
        "is_over": place_of(campaign) != "campaigns:live",
    }
    if not request.htmx:
        return render(request, "campaigns/live.html", context)
    context["bar_changed"] = request.GET.get("shown") != campaign.phase
    part = "campaigns/_pace.html" if request.GET.get("part") == "pace" else "campaigns/_live_part.html"
    return render(request, part, context, status=_STOP_POLLING if context["is_over"] else 200)
