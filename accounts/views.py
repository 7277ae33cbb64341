"""The first visit, and settings."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from accounts.forms import OrganisationForm, ProfileForm
from accounts.http import Request
from accounts.models import User
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


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Django's own view, which keeps the choice in a cookie; a signed-in person's choice is theirs everywhere."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return set_language(request)
