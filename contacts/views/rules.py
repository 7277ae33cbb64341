"""The two rules of hygiene: what each would do, switched on or off, what it did, and to whom."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.http import Request
from accounts.services import audit
from common.paging import page
from contacts.forms.hygiene import RetentionForm, SunsetForm
from contacts.hygiene import screens
from contacts.hygiene.quiet import WEEKS, ask_forecast, rule_of
from contacts.models import HygieneRule, HygieneRun
from contacts.tasks import make_forecasts
from contacts.views.frame import tabs

Kind = HygieneRule.Kind
_FORMS: dict[str, type[forms.ModelForm[HygieneRule]]] = {Kind.SUNSET: SunsetForm, Kind.RETENTION: RetentionForm}
_STAGES = {Kind.SUNSET: ("asked", "suppressed", "back"), Kind.RETENTION: ("asked", "stayed")}


@require_http_methods(["GET", "POST"])
def rule(request: Request, kind: str) -> HttpResponse:
    """One rule: its forecast, its terms, its passes. Erasing is an administrator's to switch on."""
    found = _rule(kind)
    form = _FORMS[kind](request.POST or None, instance=found)
    may_change = kind != Kind.RETENTION or request.user.is_staff
    if request.method == "POST" and not may_change:
        messages.error(request, _("Only an administrator decides when people are erased."))
        return redirect("contacts:rule", kind)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            audit(verb=f"hygiene.{kind}", target=f"hygiene:{kind}", user=request.user, is_on=found.is_on)
            _ask_forecast(kind)
        messages.success(request, _("Saved."))
        return redirect("contacts:rule", kind)
    context = {
        "tabs": tabs("hygiene"),
        "rule": rule_of(kind) if form.errors else found,
        "form": form,
        "may_change": may_change,
        "runs": screens.runs_of(kind),
        "stages": [(stage, _stage_word(kind, stage), count) for stage, count in screens.stages_of(kind)],
        **_outlook(found),
    }
    return render(request, "contacts/hygiene/rule.html", context)


def _rule(kind: str) -> HygieneRule:
    if kind not in _FORMS:
        raise Http404
    return rule_of(kind)


def _ask_forecast(kind: str) -> None:
    ask_forecast(kind, at=timezone.now())
    transaction.on_commit(make_forecasts.delay, robust=True)


def _outlook(found: HygieneRule) -> dict[str, Any]:
    """The forecast in the shape of its table and bars."""
    weeks = found.forecast.get("weeks", [])
    return {
        "made_at": parse_datetime(found.forecast["at"]) if found.forecast else None,
        "now": found.forecast.get("now"),
        "weeks": list(enumerate(weeks, start=1)),
        "most": max(weeks, default=0) or 1,
        "later": sum(weeks),
        "week_count": WEEKS,
        "is_working": found.forecast_asked_at is not None,
    }


@require_http_methods(["GET", "POST"])
def forecast(request: Request, kind: str) -> HttpResponse:
    """POST has a forecast made; GET is the part of the page that waits for it."""
    found = _rule(kind)
    if request.method == "POST":
        with transaction.atomic():
            _ask_forecast(kind)
        return redirect("contacts:rule", kind)
    return render(request, "contacts/hygiene/forecast.html", {"rule": found, **_outlook(found)})


@require_GET
def people(request: Request, kind: str, stage: str) -> HttpResponse:
    """The people behind a number of a rule; with ?run=, of one of its passes."""
    if stage not in _STAGES.get(Kind(_rule(kind).kind), ()):
        raise Http404
    cursor, number = request.GET.get("cursor", ""), request.GET.get("run", "")
    run = get_object_or_404(HygieneRun, pk=int(number), rule=kind) if number.isdecimal() else None
    if kind == Kind.SUNSET:
        asked = page(screens.sunset_people(stage, run=run), order=("-moved_at", "-pk"), cursor=cursor)
        rows = [(row.contact, row.moved_at) for row in asked.rows]
        pager: Any = asked
    else:
        stayed = page(screens.retention_people(stage, run=run), order=("-asked_at", "-pk"), cursor=cursor)
        rows = [(row.contact, row.confirmed_at or row.asked_at) for row in stayed.rows]
        pager = stayed
    context = {
        "tabs": tabs("hygiene"),
        "rule": rule_of(kind),
        "title": _stage_word(kind, stage),
        "run": run,
        "rows": rows,
        "page": pager,
    }
    return render(request, "contacts/hygiene/people.html", context)


def _stage_word(kind: str, stage: str) -> str:
    if kind == Kind.SUNSET:
        return {
            "asked": _("On the win-back list"),
            "suppressed": _("No campaigns any more"),
            "back": pgettext("quiet people", "Back"),
        }[stage]
    return {"asked": _("Asked, no answer yet"), "stayed": _("Stayed")}[stage]
