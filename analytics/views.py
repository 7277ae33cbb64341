"""Home, search and health."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.http import Request
from accounts.services import organisation
from analytics.attention import matters
from analytics.figures import PERIODS, period_of
from analytics.health import absence, examine
from analytics.queries import latest, sending, upcoming
from analytics.search import search
from analytics.steps import facts, is_sending_sample_only, progress
from common.policies import public_policy


@require_GET
def home(request: Request) -> HttpResponse:
    """The morning's page; an installation that has sent nothing sees its first steps instead."""
    wanted = request.GET.get("days", "")
    days = int(wanted) if wanted in {str(period) for period in PERIODS} else 30
    now, ours = timezone.now(), organisation()
    is_sample = is_sending_sample_only()
    period = period_of(days=days, now=now, zone=ours.zone, is_sample=is_sample)
    found = facts()
    campaigns = latest()
    context: dict[str, Any] = {
        "first_name": request.user.name.partition(" ")[0],
        "steps": None if found.sent else progress(found, ours),
        "now": now,
    }
    leaving = sending()
    if not campaigns and leaving is None:
        return render(request, "analytics/first_steps.html", context)
    matters_now = matters(period=period, now=now)
    context |= {
        "sending": leaving,
        "matters": matters_now,
        "period": period,
        "periods": [
            {"word": _("%(days)s d") % {"days": each}, "url": f"?days={each}#rates", "is_current": each == days}
            for each in PERIODS
        ],
        "upcoming": upcoming(),
        "latest": campaigns,
        "is_sample": is_sample,
        "lead": _lead(now=now, moving=leaving.moving_count if leaving else 0, count=len(matters_now)),
    }
    return render(request, "analytics/home.html", context)


def _lead(*, now: datetime, moving: int, count: int) -> str:
    """The page in a line: the day, what moves, how much needs a hand."""
    day = capfirst(date_format(timezone.localtime(now), "l j F Y"))
    first = _("Several campaigns are leaving.") if moving > 1 else _("A campaign is leaving.")
    if not moving:
        first = _("Nothing is leaving right now.")
    second = (
        ngettext("One thing needs you.", "%(count)s things need you.", count) % {"count": count}
        if count
        else _("Nothing needs you.")
    )
    return f"{day}. {first} {second}"


@require_GET
def sending_now(request: Request) -> HttpResponse:
    """The card of what is leaving, asked for again by itself."""
    return render(request, "analytics/sending.html", {"sending": sending()})


@require_GET
def absence_banner(request: Request) -> HttpResponse:
    """The banner every page shows when nothing can be sent; empty when all is well."""
    return render(request, "analytics/absence.html", {"absence": absence(now=timezone.now())})


@require_GET
def search_page(request: Request) -> HttpResponse:
    text = request.GET.get("q", "").strip().replace("\x00", "")[:200]
    return render(request, "analytics/search.html", {"text": text, "found": search(text) if text else None})


@require_GET
@never_cache
@public_policy
@login_not_required
def healthz(_request: HttpRequest) -> HttpResponse:
    """For a load balancer or a watchman: 200 when all is well, 503 when not. Ages and times, nothing secret.

    "warning": a person should look, and can, because pages work.
    """
    parts = examine(now=timezone.now())
    is_well = all(part.is_well for part in parts)
    whole = "unwell" if not is_well else "warning" if any(part.is_warning for part in parts) else "ok"
    answer = {"status": whole} | {part.name: {"status": part.status} | part.facts for part in parts}
    return JsonResponse(answer, status=200 if is_well else 503)
