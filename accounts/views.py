"""The first visit, and settings."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import OrganisationForm, ProfileForm
from accounts.http import Request
from accounts.services import organisation, set_up_organisation


@require_http_methods(["GET", "POST"])
def welcome(request: Request) -> HttpResponse:
    """The first visit: in whose name do we write?"""
    return _organisation_page(request, template="accounts/welcome.html", after="analytics:home")


welcome.needs_organisation = False  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def settings_page(request: Request) -> HttpResponse:
    return _organisation_page(request, template="accounts/settings.html", after="accounts:settings")


def _organisation_page(request: Request, *, template: str, after: str) -> HttpResponse:
    form = OrganisationForm(request.POST or None, instance=organisation())
    if request.method == "POST" and form.is_valid():
        set_up_organisation(organisation=form.save(commit=False), at=timezone.now())
        messages.success(request, _("Saved."))
        return redirect(after)
    return render(request, template, {"form": form})


@require_http_methods(["GET", "POST"])
def profile(request: Request) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})
