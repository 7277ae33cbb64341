"""What every page of the interface may show around its content."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.services import organisation


def shell(request: HttpRequest) -> dict[str, Any]:
    """`organisation`, looked up only where a template uses it."""
    return {"organisation": SimpleLazyObject(organisation), "theme": request.COOKIES.get("theme", "")}
