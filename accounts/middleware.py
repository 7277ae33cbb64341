"""Every page needs a signed-in person unless its view says otherwise; language and time zone are theirs."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from accounts.services import organisation

_GetResponse = Callable[[HttpRequest], HttpResponse]


class PersonalSettingsMiddleware:
    """Activate the person's language and time zone; else the browser's language and the organisation's zone."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            if user.language:
                translation.activate(user.language)
                request.LANGUAGE_CODE = user.language
            with timezone.override(ZoneInfo(user.time_zone or organisation().time_zone)):
                return self.get_response(request)
        return self.get_response(request)


class SignInRequiredMiddleware:
    """Closed by default: a view is open to strangers only with `login_not_required` on it."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or getattr(view, "__module__", "").startswith("allauth."):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not organisation().is_complete and getattr(view, "needs_organisation", True):
            return redirect("accounts:welcome")
        return None
