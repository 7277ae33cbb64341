"""Request types for views: what the middleware has made sure of, said to the type checker."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class Request(HttpRequest):
    """A request of a signed-in person, with htmx details."""

    user: User
    htmx: HtmxDetails
