"""Error pages: Django's own views, with our templates."""

from functools import partial

from django.http import HttpRequest, HttpResponseForbidden
from django.shortcuts import render
from django.views import defaults

bad_request = partial(defaults.bad_request, template_name="errors/400.html")
permission_denied = partial(defaults.permission_denied, template_name="errors/403.html")
page_not_found = partial(defaults.page_not_found, template_name="errors/404.html")
server_error = partial(defaults.server_error, template_name="errors/500.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseForbidden:
    """A form whose token is missing or old: nearly always a page opened before signing in."""
    return HttpResponseForbidden(render(request, "errors/403_csrf.html").content)
